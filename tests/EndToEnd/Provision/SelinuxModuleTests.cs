using Sallyport.EndToEnd.Dev;
using Built = Sallyport.EndToEnd.Harness.Built;

namespace Sallyport.EndToEnd.Provision;

/// <summary>The policy module compiles against Debian's reference policy. It has never run enforcing, here or elsewhere.</summary>
public sealed class Given_the_selinux_module : IDisposable
{
    private const string Makefile = "/usr/share/selinux/devel/Makefile";

    private static readonly string _source = Path.Combine(Built.Root, "eng", "selinux");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sallyport-selinux-");

    public Given_the_selinux_module()
    {
        foreach (string file in Directory.GetFiles(_source))
        {
            File.Copy(file, InFolder(Path.GetFileName(file)));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_compiles_into_a_package_without_a_warning()
    {
        Command make = (await CompileAsync()).Succeeded();

        Assert.DoesNotContain("warning", make.Output + make.Error, StringComparison.OrdinalIgnoreCase);
        Command unpack = await Command.RunAsync(
            "semodule_unpackage", [InFolder("sallyport.pp"), InFolder("module"), InFolder("contexts")]);
        unpack.Succeeded();
        Assert.Equal(
            Contexts(InFolder("sallyport.fc")).Count,
            File.ReadLines(InFolder("contexts")).Count(line => line.Contains(":sallyport_", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_type_that_nobody_declared_does_not_compile()
    {
        File.AppendAllText(InFolder("sallyport.te"), "allow sallyport_agent_t sallyport_unheard_of_t:file read;\n");

        Command make = await CompileAsync();

        Assert.NotEqual(0, make.ExitCode);
        Assert.Contains("sallyport_unheard_of_t", make.Output + make.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Home_directories_are_opened_by_the_boolean_alone_and_it_is_off()
    {
        string policy = File.ReadAllText(InFolder("sallyport.te"));
        int begin = policy.IndexOf("tunable_policy(`sallyport_agent_home_files',`", StringComparison.Ordinal);
        int end = policy.IndexOf("\n')", begin, StringComparison.Ordinal);

        Assert.Contains("gen_tunable(sallyport_agent_home_files, false)", policy, StringComparison.Ordinal);
        Assert.Contains("userdom_manage_user_home", policy[begin..end], StringComparison.Ordinal);
        foreach (string opens in (string[])["userdom_", "home_t", "home_dir", "capability"])
        {
            Assert.DoesNotContain(opens, policy[..begin] + policy[end..], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_labels_lie_where_the_programs_and_the_units_are()
    {
        string service = File.ReadAllText(Path.Combine(Built.Root, "eng/systemd/sallyport-agent.service"));
        string socket = File.ReadAllText(Path.Combine(Built.Root, "eng/systemd/sallyport-agent.socket"));
        Dictionary<string, string> contexts = Contexts(InFolder("sallyport.fc"));

        Assert.Contains($"ExecStart={PathOf("sallyport_agent_exec_t")} ", service, StringComparison.Ordinal);
        Assert.Contains($"--config {PathOf("sallyport_conf_t")}/", service, StringComparison.Ordinal);
        Assert.Contains($"\nStateDirectory={PathOf("sallyport_var_lib_t")["/var/lib/".Length..]}\n", service, StringComparison.Ordinal);
        Assert.Contains($"\nListenStream={PathOf("sallyport_runtime_t")}/", socket, StringComparison.Ordinal);

        string PathOf(string type) => contexts.First(context => context.Value == type).Key;
    }

    // path, perhaps with "(/.*)?"  →  type
    private static Dictionary<string, string> Contexts(string file) => File.ReadLines(file)
        .Where(line => line.StartsWith('/'))
        .Select(line => line.Split('\t', ' '))
        .ToDictionary(
            words => words[0].Replace("(/.*)?", "", StringComparison.Ordinal),
            words => words[^1].Split(':')[2].Split(',')[0]);

    private string InFolder(string name) => Path.Combine(_folder.FullName, name);

    private Task<Command> CompileAsync()
    {
        Assert.True(File.Exists(Makefile), "missing: selinux-policy-dev. ./dev test installs what the tests need");
        return Command.RunAsync("make", ["-f", Makefile, "sallyport.pp"], _folder.FullName);
    }
}
