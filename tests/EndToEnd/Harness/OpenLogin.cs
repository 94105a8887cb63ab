namespace Sallyport.EndToEnd.Harness;

/// <summary>A client that still runs and may wait for an answer.</summary>
internal sealed class OpenLogin(Command command, Dialogue dialogue, CancellationToken cancellationToken)
{
    public Task PromptedAsync() =>
        Wait.UntilAsync(() => dialogue.Prompts.Count > 0, "a prompt", cancellationToken);

    /// <summary>The text of the prompt of that number, from 1 on, when it is there.</summary>
    public async Task<string> PromptAsync(int number)
    {
        await Wait.UntilAsync(() => dialogue.Prompts.Count >= number, $"prompt {number}", cancellationToken);
        return dialogue.Prompts[number - 1];
    }

    public void Answer(string text) => dialogue.Answer(text);

    /// <summary>The person closes the terminal window.</summary>
    public async Task<Login> HangUpAsync()
    {
        command.Kill();
        return await EndAsync();
    }

    public async Task<Login> EndAsync()
    {
        using (command)
        {
            dialogue.SayNoMore();
            return new Login(await command.EndAsync(cancellationToken), dialogue.Prompts);
        }
    }
}
