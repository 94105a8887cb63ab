using Sallyport.Host.Messages;

namespace Sallyport.Host.Duo;

/// <summary>What there is to say about a configuration that is used, or why it is not.</summary>
/// <param name="Priority">Null: for stderr, as Duo's programs have it; else for the log.</param>
internal readonly record struct DuoNote(Priority? Priority, string Text);
