namespace Sallyport.Host.Files;

/// <summary>Which file: its folder by device and inode, so that two spellings of a path are one file.</summary>
internal readonly record struct FileKey(uint DevMajor, uint DevMinor, ulong FolderInode, string Name);

/// <summary>
/// One writer a file. An entry lives only while somebody holds or waits for it, so a home that hangs (a dead network
/// mount) holds up its own account and no other.
/// </summary>
internal sealed class FileLocks
{
    private readonly Dictionary<FileKey, Entry> _entries = [];

    /// <summary>Null: not to be had in time.</summary>
    public IDisposable? Take(FileKey key, TimeSpan patience)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue(key, out entry))
            {
                _entries[key] = entry = new Entry();
            }

            entry.Users++;
        }

        if (Monitor.TryEnter(entry, patience))
        {
            return new Holding(this, key, entry);
        }

        Forget(key, entry);
        return null;
    }

    private void Forget(FileKey key, Entry entry)
    {
        lock (_entries)
        {
            if (--entry.Users == 0)
            {
                _entries.Remove(key);
            }
        }
    }

    private sealed class Entry
    {
        public int Users { get; set; }
    }

    private sealed class Holding(FileLocks locks, FileKey key, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            Monitor.Exit(entry);
            locks.Forget(key, entry);
        }
    }
}
