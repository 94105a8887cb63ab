namespace Sallyport.Server.Audit;

/// <summary>What happened; docs/reference/server-audit.md has each, with what is written beside it.</summary>
internal static class AuditActions
{
    public const string Authentication = "authentication";
    public const string Enrollment = "enrollment";
    public const string ApplicationAdd = "application_add";
    public const string ApplicationSet = "application_set";
    public const string ApplicationRotate = "application_rotate";
    public const string ApplicationRemove = "application_remove";
    public const string UserAdd = "user_add";
    public const string UserSet = "user_set";
    public const string UserInvite = "user_invite";
    public const string UserDisable = "user_disable";
    public const string UserEnable = "user_enable";
    public const string UserUnlock = "user_unlock";
    public const string UserRemove = "user_remove";
    public const string BypassCreate = "bypass_create";
    public const string BypassReport = "bypass_report";
    public const string DeviceAdd = "device_add";
    public const string DeviceInvite = "device_invite";
    public const string DeviceActivate = "device_activate";
    public const string DeviceRename = "device_rename";
    public const string DeviceSubscribe = "device_subscribe";
    public const string DeviceAssign = "device_assign";
    public const string DeviceUnassign = "device_unassign";
    public const string DeviceResync = "device_resync";
    public const string DeviceRemove = "device_remove";
    public const string Backup = "backup";
    public const string Restore = "restore";
}

internal static class AuditResults
{
    public const string Success = "success";
    public const string Denied = "denied";
    public const string Failure = "failure";

    /// <summary>Denied, and said to be somebody else's.</summary>
    public const string Fraud = "fraud";
}
