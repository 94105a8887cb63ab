namespace Sallyport.Server.Hosting;

/// <summary>A setting, or a file that a setting names, is such that the server does not start with it.</summary>
internal sealed class SettingsException(string message, Exception? cause = null) : Exception(message, cause);
