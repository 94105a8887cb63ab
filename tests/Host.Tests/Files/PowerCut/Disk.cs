namespace Sallyport.Host.Tests.Files.PowerCut;

/// <summary>
/// A disk and what the kernel has not put on it yet. Data of a file is on disk when that file has been synced; before
/// that each sector may hold any of its versions, and the file may have any of its sizes. A sector that is written over
/// may be lost to both versions: disks do not promise it. Names are on disk when the folder has been synced; before that
/// they are there up to any of the changes, in their order. The one has nothing to do with the other.
/// </summary>
internal sealed class Disk
{
    private const int SectorBytes = 512;

    private readonly Dictionary<string, int> _names = [];
    private readonly List<DiskCall> _unsyncedNames = [];
    private readonly Dictionary<int, StoredFile> _files = [];

    public void Apply(DiskCall call)
    {
        switch (call)
        {
            case DiskCall.Created created:
                _files[created.File] = new StoredFile();
                _unsyncedNames.Add(call);
                break;
            case DiskCall.Renamed or DiskCall.Removed:
                _unsyncedNames.Add(call);
                break;
            case DiskCall.Wrote wrote:
                _files[wrote.File].Write(wrote.Offset, wrote.Data);
                break;
            case DiskCall.SyncedFile synced:
                _files[synced.File].Sync();
                break;
            case DiskCall.SyncedFolder:
                _unsyncedNames.ForEach(change => Apply(change, _names));
                _unsyncedNames.Clear();
                break;
            default:
                break;
        }
    }

    /// <summary>Every folder that may be there after the power is cut now: names, and what they lead to.</summary>
    public IEnumerable<Dictionary<string, byte[]>> AfterACut()
    {
        Dictionary<string, int> names = new(_names);
        for (int applied = 0; ; applied++)
        {
            foreach (Dictionary<string, byte[]> state in Contents([.. names], 0))
            {
                yield return state;
            }

            if (applied == _unsyncedNames.Count)
            {
                yield break;
            }

            Apply(_unsyncedNames[applied], names);
        }
    }

    /// <summary>What is there if the power stays.</summary>
    public Dictionary<string, byte[]> Whole()
    {
        Dictionary<string, int> names = new(_names);
        _unsyncedNames.ForEach(change => Apply(change, names));
        return names.ToDictionary(name => name.Key, name => _files[name.Value].Whole());
    }

    private IEnumerable<Dictionary<string, byte[]>> Contents(KeyValuePair<string, int>[] names, int index)
    {
        if (index == names.Length)
        {
            yield return [];
            yield break;
        }

        foreach (byte[] content in _files[names[index].Value].Versions())
        {
            foreach (Dictionary<string, byte[]> rest in Contents(names, index + 1))
            {
                rest[names[index].Key] = content;
                yield return rest;
            }
        }
    }

    private static void Apply(DiskCall change, Dictionary<string, int> names)
    {
        switch (change)
        {
            case DiskCall.Created created:
                names[created.Name] = created.File;
                break;
            case DiskCall.Renamed renamed:
                names[renamed.To] = names[renamed.From];
                names.Remove(renamed.From);
                break;
            case DiskCall.Removed removed:
                names.Remove(removed.Name);
                break;
            default:
                throw new InvalidOperationException("not a change of names");
        }
    }

    private sealed class StoredFile
    {
        private static readonly byte[] _lost = [.. Enumerable.Repeat((byte)0xA5, SectorBytes)];

        // The first of each list is on disk, the last is what the kernel has.
        private readonly List<int> _sizes = [0];
        private readonly SortedDictionary<int, List<byte[]>> _sectors = [];

        public void Write(int offset, byte[] data)
        {
            for (int done = 0; done < data.Length;)
            {
                int sector = (offset + done) / SectorBytes;
                int from = (offset + done) % SectorBytes;
                int length = Math.Min(SectorBytes - from, data.Length - done);
                if (!_sectors.TryGetValue(sector, out List<byte[]>? versions))
                {
                    _sectors[sector] = versions = [new byte[SectorBytes]];
                }

                byte[] content = [.. versions[^1]];
                data.AsSpan(done, length).CopyTo(content.AsSpan(from));
                if (sector * SectorBytes < _sizes[0])
                {
                    versions.Add(_lost);
                }

                if (!content.AsSpan().SequenceEqual(versions[^1]))
                {
                    versions.Add(content);
                }

                done += length;
            }

            if (offset + data.Length > _sizes[^1])
            {
                _sizes.Add(offset + data.Length);
            }
        }

        public void Sync()
        {
            _sizes.RemoveRange(0, _sizes.Count - 1);
            foreach (List<byte[]> versions in _sectors.Values)
            {
                versions.RemoveRange(0, versions.Count - 1);
            }
        }

        public byte[] Whole() => Content(_sizes[^1], sector => _sectors[sector][^1]);

        /// <summary>Every size with every version of every sector.</summary>
        public IEnumerable<byte[]> Versions()
        {
            int[] torn = [.. _sectors.Where(sector => sector.Value.Count > 1).Select(sector => sector.Key)];
            foreach (int size in _sizes)
            {
                int[] chosen = new int[torn.Length];
                do
                {
                    yield return Content(size, sector =>
                        Array.IndexOf(torn, sector) is >= 0 and int i ? _sectors[sector][chosen[i]] : _sectors[sector][0]);
                }
                while (Next(chosen, i => _sectors[torn[i]].Count));
            }
        }

        /// <summary>Counts up, each digit with a base of its own; false: it is back at zero.</summary>
        private static bool Next(int[] digits, Func<int, int> radix)
        {
            for (int i = 0; i < digits.Length; i++)
            {
                if (++digits[i] < radix(i))
                {
                    return true;
                }

                digits[i] = 0;
            }

            return false;
        }

        private byte[] Content(int size, Func<int, byte[]> version)
        {
            byte[] content = new byte[size];
            foreach (int sector in _sectors.Keys.Where(sector => sector * SectorBytes < size))
            {
                int start = sector * SectorBytes;
                version(sector).AsSpan(0, Math.Min(SectorBytes, size - start)).CopyTo(content.AsSpan(start));
            }

            return content;
        }
    }
}
