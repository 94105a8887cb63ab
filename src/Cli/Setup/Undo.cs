namespace Sallyport.Cli.Setup;

/// <summary>
/// Takes a setup back, from wherever it stopped: by its administrator, by the next setup, by the timer, or at boot before
/// sshd. What somebody else has changed since is left, and what depends on it too.
/// </summary>
internal static class Undo
{
    /// <summary>What was done, in words. Killed anywhere here, it is run again.</summary>
    /// <exception cref="IOException">Not everything could be taken back; the new way in still works.</exception>
    public static string Run(Journal journal)
    {
        // Where it says so already a disk without room does not keep us from what needs none.
        if (journal.State is not SetupState.Applying)
        {
            journal = journal with { State = SetupState.Applying };
            journal.Write();
        }

        foreach (JournalFile file in journal.Files)
        {
            HostFile.Tidy(file.Path);
        }

        Place[] places = [.. journal.Files.Select(file => new Place(file))];
        Place? Find(string path) => Array.Find(places, place => place.File.Path == path);
        Place?[] sshd = [Find(SshdFiles.DropInPath), Find(SshdFiles.ConfigPath)];
        Place? pam = Find(PamLayout.SshdPath);
        Place? include = Find(PamLayout.IncludePath);

        // sshd still asks for two steps by a file that is not ours any more: then PAM has to be able to ask for them. And PAM
        // that asks for the passcode, in a file that is not ours any more, must not be the only step.
        bool sshdIsOurs = sshd.All(place => place is not { IsForeign: true });
        bool pamAsksByAForeignFile = pam is { IsForeign: true } && pam.Now.Text.Contains("sallyport-sshd", StringComparison.Ordinal);
        bool both = sshdIsOurs && !pamAsksByAForeignFile;
        if (both && places.Length > 0)
        {
            pam?.MustHaveRoom();
            TakeBackSshd(include, sshd);
        }

        if (both)
        {
            pam?.Restore();
            include?.Restore();
            Find(PolicyText.Path)?.Restore();
        }

        if (both && Find(AgentNetwork.Path) is Place network)
        {
            network.Restore();
            AgentNetwork.ApplySoon();
        }

        foreach (string probe in journal.Probes)
        {
            ProbeAccount.Remove(probe);
        }

        Forget(journal);
        Units.Disarm();
        string[] left = [.. places.Where(place => !place.IsRestored).Select(place => place.File.Path)];
        return left.Length == 0 ? "everything is as it was before setup"
            : $"taken back, but for what was changed by somebody else since, and what goes with it: {string.Join(", ", left)}";
    }

    /// <summary>The journal goes first: without it the rest means nothing, and is swept away by whoever comes next.</summary>
    private static void Forget(Journal journal)
    {
        if (journal.Previous is Journal earlier)
        {
            earlier.Write();
        }
        else
        {
            Journal.Remove();
        }

        Sweep(journal.Previous);
    }

    /// <summary>Deletes what no journal wants, such as what a killed run left.</summary>
    public static void Sweep(Journal? journal)
    {
        foreach (string file in Directory.GetFiles(Journal.Folder).Except(journal?.Kept() ?? []))
        {
            new HostFile(file, null).Put();
        }

        if (Directory.Exists(ProbeAccount.Folder))
        {
            Directory.Delete(ProbeAccount.Folder, recursive: true);
        }
    }

    private static void TakeBackSshd(Place? include, Place?[] sshd)
    {
        // First the gate: with the old sshd the key alone has to open again.
        include?.OpenGate();
        HostFile[] ours = [.. sshd.OfType<Place>().Select(place => place.Now)];
        foreach (Place? place in sshd)
        {
            place?.Restore();
        }

        try
        {
            _ = Sshd.Reload();
        }
        catch (IOException)
        {
            // The sshd that runs asks for two steps still: what its next start reads has to do so too.
            foreach (HostFile file in ours)
            {
                file.Put();
            }

            include?.ShutGate();
            throw;
        }
    }

    /// <summary>One of the files, as it is now.</summary>
    private sealed class Place(JournalFile file)
    {
        private readonly HostFile _found = HostFile.Read(file.Path);

        public JournalFile File => file;

        public HostFile Now => _found;

        public bool IsForeign => _found.Hash != file.Before && !file.After.Contains(_found.Hash);

        public bool IsRestored => HostFile.Read(file.Path).Hash == file.Before;

        public void Restore()
        {
            if (!IsForeign && !IsRestored)
            {
                HostFile backup = file.Before == "-" ? new HostFile("", null) : HostFile.Read(Journal.BackupPath(file.Before));
                if (backup.Hash != file.Before)
                {
                    throw new IOException($"{backup.Path} is not what was kept of {file.Path}");
                }

                new HostFile(file.Path, backup.Content, file.Mode, file.Uid, file.Gid).Put();
            }
        }

        /// <summary>
        /// Taking sshd back and then not PAM would leave the passcode as the only step: what PAM's file needs is tried first.
        /// </summary>
        public void MustHaveRoom()
        {
            if (!IsForeign && !IsRestored)
            {
                HostFile trial = _found with { Path = $"{System.IO.Path.GetDirectoryName(file.Path)}/.sallyport-setup-room" };
                trial.Put();
                (trial with { Content = null }).Put();
            }
        }

        public void OpenGate() => ReplaceOurs(PamLayout.WithoutGate(_found.Text));

        public void ShutGate() => ReplaceOurs(_found.Text);

        private void ReplaceOurs(string text)
        {
            if (file.After.Contains(_found.Hash))
            {
                _found.With(text).Put();
            }
        }
    }
}
