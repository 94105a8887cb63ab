namespace Sallyport.Server.Users;

internal static class UserServices
{
    public static IServiceCollection AddUsers(this IServiceCollection services) => services
        .AddSingleton<AddUser>()
        .AddSingleton<ListUsers>()
        .AddSingleton<ShowUser>()
        .AddSingleton<SetUser>()
        .AddSingleton<DisableUser>()
        .AddSingleton<EnableUser>()
        .AddSingleton<RemoveUser>()
        .AddSingleton<InviteUser>()
        .AddSingleton<AddBypassCode>();
}
