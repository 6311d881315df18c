using System.Text;

namespace K42.Contracts;

/// <summary>Writes one element of an array.</summary>
public delegate void ElementWriter<T>(ref WireWriter writer, T element);

/// <summary>Reads one element of an array.</summary>
public delegate T ElementReader<T>(ref WireReader reader);

/// <summary>Arrays on the wire: a count, then the elements.</summary>
public static class WireArrays
{
    /// <summary>Writes an array; null is written as empty.</summary>
    public static void Write<T>(ref WireWriter writer, T[]? values, ElementWriter<T> write)
    {
        var array = values ?? [];
        writer.Int32(array.Length);
        foreach (var element in array) write(ref writer, element);
    }

    /// <summary>Reads an array.</summary>
    /// <param name="countMax">The declared maximum.</param>
    /// <param name="elementBytesMin">The fewest bytes of an element: a count that can't be there is refused
    /// before anything is allocated for it.</param>
    /// <exception cref="WireException">Truncated, or over a limit.</exception>
    public static T[] Read<T>(ref WireReader reader, int countMax, int elementBytesMin, ElementReader<T> read)
    {
        var count = reader.Count(countMax);
        if (count == 0) return [];
        if (reader.Remaining / elementBytesMin < count)
        {
            throw new WireException($"{count} elements announced, {reader.Remaining} bytes there");
        }
        var values = new T[count];
        for (var index = 0; index < count; index++)
        {
            if (reader.Remaining == 0) throw new WireException($"{count} elements announced, {index} there");
            values[index] = read(ref reader);
        }
        return values;
    }
}

/// <summary>The limits that contracts declare.</summary>
public static class WireLimits
{
    private const int Utf8BytesPerCharMax = 3;

    /// <summary>Whether a string has at most so many bytes of UTF-8.</summary>
    public static bool Fits(string? value, int bytesMax) =>
        value is null
        || value.Length <= bytesMax / Utf8BytesPerCharMax
        || (value.Length <= bytesMax && Encoding.UTF8.GetByteCount(value) <= bytesMax);

    /// <summary>Whether a buffer has at most so many bytes.</summary>
    public static bool Fits(ReadOnlyMemory<byte> value, int bytesMax) => value.Length <= bytesMax;

    /// <summary>Whether a text has at most so many bytes.</summary>
    public static bool Fits(ByteText value, int bytesMax) => value.Length <= bytesMax;

    /// <summary>Whether an array has at most so many elements.</summary>
    public static bool Fits<T>(T[]? values, int countMax) => values is null || values.Length <= countMax;

    /// <summary>Whether an array has at most so many elements, and each of them keeps its own
    /// limits.</summary>
    public static bool Fits<T>(T[]? values, int countMax, Func<T, bool> fits)
    {
        if (values is null) return true;
        if (values.Length > countMax) return false;
        foreach (var element in values)
        {
            if (!fits(element)) return false;
        }
        return true;
    }

    /// <summary>The array with every element filled, in place; an empty one for null.</summary>
    public static T[] Filled<T>(T[]? values, Func<T, T> fill)
    {
        if (values is null) return [];
        for (var index = 0; index < values.Length; index++) values[index] = fill(values[index]);
        return values;
    }
}
