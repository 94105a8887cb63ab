using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sallyport.Cli.Setup;

/// <summary>How far a setup is. Zero is what is taken back.</summary>
internal enum SetupState
{
    Applying = 0,
    Unconfirmed,
    Confirmed,
}

/// <summary>
/// What setup is about to change, on disk before it changes anything: whoever finds it can take everything back.
/// </summary>
internal sealed record Journal
{
    public const string Folder = "/var/lib/sallyport/setup";
    public const string Path = Folder + "/journal";

    /// <summary>The agent notes in it who proved his second factor, as long as it is there.</summary>
    public const string Witness = Folder + "/witness";

    private const uint RootOnly = 0x180; // 0600

    public SetupState State { get; init; }

    /// <summary>/proc/sys/kernel/random/boot_id: times since boot mean nothing after another boot.</summary>
    public string Boot { get; init; } = "";

    /// <summary>Milliseconds since boot: from then on the new sshd and the gate are in force. 0: not yet.</summary>
    public long Gate { get; init; }

    /// <summary>Milliseconds since boot: unconfirmed by then, it is taken back.</summary>
    public long Deadline { get; init; }

    /// <summary>setup --yes: confirmed by the first login with both steps.</summary>
    public bool ByFirstLogin { get; init; }

    /// <summary>A connection from this host itself confirms too: the administrator has said so.</summary>
    public bool FromThisHost { get; init; }

    public IReadOnlyList<JournalFile> Files { get; init; } = [];

    public IReadOnlyList<string> Probes { get; init; } = [];

    /// <summary>The confirmed setup on which this one was put; taking this one back leads to it.</summary>
    public Journal? Previous { get; init; }

    /// <summary>Null: no setup has left one.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Journal? Read()
    {
        HostFile file = HostFile.Read(Path);
        try
        {
            return file.Content is null ? null
                : JsonSerializer.Deserialize(file.Content, JournalContext.Default.Journal);
        }
        catch (JsonException broken)
        {
            throw new IOException($"{Path}: {broken.Message}", broken);
        }
    }

    /// <exception cref="IOException">It is not on disk.</exception>
    public void Write() => new HostFile(
        Path, JsonSerializer.SerializeToUtf8Bytes(this, JournalContext.Default.Journal), RootOnly).Put();

    public static void Remove() => new HostFile(Path, null).Put();

    /// <summary>What a file was, kept under its hash.</summary>
    public static string BackupPath(string hash) => $"{Folder}/before.{hash}";

    public static void Keep(HostFile file)
    {
        if (file.Content is not null)
        {
            new HostFile(BackupPath(file.Hash), file.Content, RootOnly).Put();
        }
    }

    /// <summary>Everything in the folder that this journal wants.</summary>
    public IEnumerable<string> Kept() =>
        [Path, .. Files.Select(file => BackupPath(file.Before)), .. Previous?.Kept() ?? []];
}

/// <summary>One file: what it was, and by which hashes it is setup's.</summary>
internal sealed record JournalFile(string Path, string Before, uint Mode, uint Uid, uint Gid, IReadOnlyList<string> After);

[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Journal))]
internal sealed partial class JournalContext : JsonSerializerContext;
