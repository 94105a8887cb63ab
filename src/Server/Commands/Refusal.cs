namespace Sallyport.Server.Commands;

/// <summary>A command was understood and not done: why, for who gave it.</summary>
internal sealed class Refusal(string why) : Exception(why);
