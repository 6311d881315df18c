namespace K42.Contracts;

/// <summary>What a call gave: a value, or the error that refused it.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public readonly record struct Outcome<T>
{
    private readonly T _value;

    /// <summary>A success.</summary>
    public Outcome(T value) => _value = value;

    /// <summary>A failure; <see cref="Errno.None"/> is a success with the default value.</summary>
    public Outcome(Errno errno)
    {
        _value = default!;
        Errno = errno;
    }

    /// <summary>None on success.</summary>
    public Errno Errno { get; }

    /// <summary>True when there is an error and no value.</summary>
    public bool Failed => Errno != Errno.None;

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">The call failed.</exception>
    public T Value => Failed ? throw new InvalidOperationException($"the call failed with {Errno}") : _value;

    /// <summary>A success.</summary>
    public static implicit operator Outcome<T>(T value) => new(value);

    /// <summary>A failure.</summary>
    public static implicit operator Outcome<T>(Errno errno) => new(errno);

    /// <inheritdoc/>
    public override string ToString() => Failed ? Errno.ToString() : $"{_value}";
}

/// <summary>The value of calls that give nothing back.</summary>
public readonly record struct Nothing;
