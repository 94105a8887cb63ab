using System.Reflection;
using System.Text;
using Xunit;

namespace Sallyport.Protocol.Tests;

/// <summary>The public surface is a promise to the programs above: a change of it shows in review as a changed file.</summary>
public sealed class Given_the_public_surface
{
    [Fact]
    public void It_is_what_PublicApi_txt_lists()
    {
        string actual = Describe(typeof(OtpSecret).Assembly);
        string file = Path.Combine(AppContext.BaseDirectory, "PublicApi.actual.txt");
        File.WriteAllText(file, actual);

        Assert.True(
            actual == File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "PublicApi.txt")),
            $"The public surface differs. If that is meant: cp {file} tests/Protocol.Tests/PublicApi.txt");
    }

    [Fact]
    public void It_uses_nothing_but_the_framework() => Assert.All(
        typeof(OtpSecret).Assembly.GetReferencedAssemblies(),
        assembly => Assert.StartsWith("System.", assembly.Name, StringComparison.Ordinal));

    private static string Describe(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(type.FullName).Append(" : ").Append(type.BaseType?.Name).Append('\n');
            const BindingFlags Declared =
                BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            IEnumerable<string> members = type.GetMembers(Declared)
                .Where(member => member is not MethodInfo { IsSpecialName: true } || member.Name.StartsWith("op_", StringComparison.Ordinal))
                .Select(Signature)
                .Order(StringComparer.Ordinal);
            foreach (string member in members)
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Signature(MemberInfo member) => member switch
    {
        FieldInfo { IsLiteral: true } constant => $"const {constant} = {constant.GetRawConstantValue()}",
        PropertyInfo property => $"{property} {{ {(property.CanRead ? "get; " : "")}{(property.SetMethod is { IsPublic: true } ? "set; " : "")}}}",
        MethodInfo method => (method.IsStatic ? "static " : "") + method + Defaults(method),
        ConstructorInfo constructor => constructor + Defaults(constructor),
        _ => member.ToString()!,
    };

    private static string Defaults(MethodBase method) => string.Concat(
        method.GetParameters().Where(p => p.HasDefaultValue).Select(p => $" {p.Name}={p.DefaultValue ?? "null"}"));
}
