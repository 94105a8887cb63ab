namespace Sallyport.Server.Users;

internal static class UserServices
{
    public static IServiceCollection AddUsers(this IServiceCollection services) => services
        .AddSingleton<AddUser>()
        .AddSingleton<ListUsers>()
        .AddSingleton<ShowUser>()
        .AddSingleton<SetUser>()
        .AddSingleton<EnableUser>()
        .AddSingleton<InviteUser>()
        .AddSingleton<AddBypassCode>();
}
