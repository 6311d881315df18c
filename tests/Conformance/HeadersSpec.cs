using System.Text;
using Xunit;

namespace K42.Conformance;

/// <summary>The tables against the headers of the host: a wrong number in a table can't hide.</summary>
public sealed class HeadersSpec
{
    private const string Includes = """
        #define _GNU_SOURCE
        #include <dirent.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <limits.h>
        #include <signal.h>
        #include <stdio.h>
        #include <sys/mount.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/wait.h>
        #include <time.h>
        #include <unistd.h>

        """;

    [Fact]
    public async Task Every_constant_error_and_call_number_is_that_of_the_headers()
    {
        var expected = new Dictionary<string, long>();
        foreach (var (name, value) in ConstantTable.Values) expected.Add(name, value);
        foreach (var (name, value) in ConstantTable.Errors) expected.Add(name, value);
        foreach (var call in CallTable.Rows.Where(call => call.Number < CallTable.GetdentsAllNumber))
            expected.Add($"SYS_{call.Name}", call.Number);
        var source = new StringBuilder(Includes).Append("int main(void)\n{\n");
        foreach (var name in expected.Keys) source.Append($"    printf(\"{name} %ld\\n\", (long){name});\n");
        source.Append("}\n");

        var actual = await CompileAndRun(source.ToString());

        // libc hides the kernel's O_LARGEFILE on 64 bits (0 there); the kernel's own header says 0100000.
        actual["O_LARGEFILE"] = 0x8000;
        Assert.Equal(expected.OrderBy(row => row.Key), actual.OrderBy(row => row.Key));
    }

    private static async Task<Dictionary<string, long>> CompileAndRun(string source)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("k42-headers");
        try
        {
            var file = Path.Combine(folder.FullName, "headers.c");
            var program = Path.Combine(folder.FullName, "headers");
            await File.WriteAllTextAsync(file, source, cancellation);
            var (code, _, errors) = await HostTools.Run(
                "gcc", ["-o", program, file], "", TimeSpan.FromMinutes(2), cancellation);
            Assert.True(code == 0, errors);
            var (_, output, _) = await HostTools.Run(program, [], "", TimeSpan.FromSeconds(10), cancellation);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' '))
                .ToDictionary(words => words[0], words => long.Parse(words[1], CultureInfo.InvariantCulture));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
