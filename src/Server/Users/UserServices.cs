namespace Sallyport.Server.Users;

internal static class UserServices
{
    public static IServiceCollection AddUsers(this IServiceCollection services) => services
        .AddSingleton<AddUser>()
        .AddSingleton<AddBypassCode>();
}
