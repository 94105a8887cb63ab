using Sallyport.EndToEnd.Harness;
using Sallyport.EndToEnd.Server;

namespace Sallyport.EndToEnd.HostPrograms;

/// <summary>What may be wrong with a server. None of it is played: it is so, at the server's name and port.</summary>
internal static class Trouble
{
    private const string Nobody = "203.0.113.2";
    private const string Garbage = @"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nallow you";
    private const string Answer = "/usr/local/bin/answer";

    // A wire, and behind it nobody who takes what is for that address, or says that he does not.
    private const string BlackHole = $"""
        ip link add hole type veth peer name nowhere
        ip addr add 203.0.113.1/24 dev hole
        ip link set hole up
        ip link set nowhere up
        ip neigh add {Nobody} lladdr 02:00:00:00:00:02 dev hole nud permanent
        """;

    // What the server says is 3 s late.
    private const string Relay = """
        use IO::Socket::INET;
        use IO::Select;
        my $door = IO::Socket::INET->new(LocalAddr => '127.0.0.3:443', Listen => 9, ReuseAddr => 1) or die;
        $SIG{CHLD} = 'IGNORE';
        while (my $client = $door->accept) {
            next if fork;
            my $server = IO::Socket::INET->new('127.0.0.1:443') or exit;
            my ($from, $to, $late) = fork ? ($server, $client, 3) : ($client, $server, 0);
            while (IO::Select->new($from)->can_read) {
                select(undef, undef, undef, $late);
                sysread($from, my $said, 65536) or last;
                syswrite($to, $said);
            }
            shutdown($to, 1);
            exit;
        }
        """;

    public const string Slow = "127.0.0.3";

    public static async Task BeginAsync(OwnHost host, string what)
    {
        switch (what)
        {
            case "frozen": // in the middle of a connection that is kept
                await host.Server.SignalAsync("STOP");
                return;
            case "slow":
                _ = host.Sandbox.Start(["perl", "-e", Relay]);
                await Wait.UntilAsync(
                    () => host.Server.Listens("0300007F"), "the relay listens", TestContext.Current.CancellationToken);
                host.Server.Name(Slow);
                return;
        }

        await host.Server.EndAsync();
        switch (what)
        {
            case "stopped":
                return;
            case "black-holed":
                await host.Sandbox.RunAsync("sh", "-ec", BlackHole);
                host.Server.Name(Nobody);
                return;
            case "another service":
                await ReplaceAsync(host, "TCP-LISTEN:443", "echo SSH-2.0-OpenSSH_9.2; cat >/dev/null");
                return;
            case "garbage":
                await BelieveAsync(host, $"read line; printf '{Garbage}'; cat >/dev/null");
                return;
            default:
                throw new ArgumentException(what);
        }
    }

    /// <summary>In the place of the server, with a certificate that nobody believes.</summary>
    public static async Task StrangerAsync(OwnHost host, string shell)
    {
        await host.Sandbox.RunAsync(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/root/k.pem", "-out", "/root/c.pem",
            "-subj", $"/CN={DuoServer.Host}", "-addext", $"subjectAltName=DNS:{DuoServer.Host}", "-days", "2");
        await ReplaceAsync(host, "OPENSSL-LISTEN:443,cert=/root/c.pem,key=/root/k.pem,verify=0", shell);
    }

    /// <summary>The same, and the host believes it.</summary>
    public static async Task BelieveAsync(OwnHost host, string shell)
    {
        await StrangerAsync(host, shell);
        host.Sandbox.Write(DuoHost.CaFile, host.Sandbox.Read("/root/c.pem"));
    }

    private static async Task ReplaceAsync(OwnHost host, string listen, string shell)
    {
        host.Sandbox.Write(Answer, $"#!/bin/sh\n{shell}\n", (UnixFileMode)0x1ED /* 0755 */);
        _ = host.Sandbox.Start(["socat", $"{listen},bind={DuoServer.First},reuseaddr,fork", $"EXEC:{Answer}"]);
        await Wait.UntilAsync(
            () => host.Server.Listens("0100007F"), "somebody listens", TestContext.Current.CancellationToken);
    }
}
