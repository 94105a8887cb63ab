namespace Sallyport.Server.Devices;

internal static class DeviceServices
{
    public static IServiceCollection AddDevices(this IServiceCollection services) => services
        .AddSingleton<AddTotpDevice>()
        .AddSingleton<AddHotpDevice>()
        .AddSingleton<ListDevices>()
        .AddSingleton<AssignDevice>()
        .AddSingleton<ResyncDevice>()
        .AddSingleton<AddActivation>()
        .AddSingleton<ActivatePhone>()
        .AddSingleton<FindPhone>()
        .AddSingleton<RenamePhone>()
        .AddSingleton<SetPushSubscription>();
}
