namespace Sallyport.EndToEnd.Server;

/// <summary>Programs that ride on ssh, and how each brings the letter to alice's home.</summary>
internal static class Transfers
{
    public const string Here = "/root/letter";
    public const string There = "/home/alice/letter";
    public const string Letter = "Dear Bob";

    /// <param name="host">The name of an sshd.</param>
    /// <param name="options">Of ssh.</param>
    public static string[] To(string host, string options) =>
    [
        $"scp {options} {Here} alice@{host}:{There}",
        $"scp -O {options} {Here} alice@{host}:{There}",
        $"echo 'put {Here} {There}' | sftp {options} -b - alice@{host}",
        $"rsync -e 'ssh {options}' {Here} alice@{host}:{There}",
        $"cat {Here} | ssh {options} alice@{host} 'cat >{There}'",
        $"ssh -tt {options} alice@{host} 'printf %s \"{Letter}\" >{There}'", // a terminal, and yet
        $"echo 'printf %s \"{Letter}\" >{There}' | ssh -T {options} alice@{host}", // as VS Code does
    ];
}
