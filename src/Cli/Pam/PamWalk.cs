namespace Sallyport.Cli.Pam;

/// <summary>One line on the way, and what its module said.</summary>
internal readonly record struct PamStep(PamLine Line, string Code);

/// <summary>
/// Goes through a stack as libpam's dispatcher does (pam_dispatch.c), with every answer that the modules may give, and
/// finds whether one way through ends with success.
/// </summary>
internal sealed class PamWalk
{
    private readonly IReadOnlyList<PamLine> _lines;
    private readonly Func<PamLine, IEnumerable<string>> _answers;
    private readonly HashSet<State> _seen = [];
    private readonly Stack<PamStep> _path = new();

    private PamWalk(IReadOnlyList<PamLine> lines, Func<PamLine, IEnumerable<string>> answers) =>
        (_lines, _answers) = (lines, answers);

    /// <summary>The steps of a way that ends with success; null: there is none.</summary>
    /// <param name="answers">The return codes that a line's module may give.</param>
    public static IReadOnlyList<PamStep>? Success(IReadOnlyList<PamLine> lines, Func<PamLine, IEnumerable<string>> answers)
    {
        var walk = new PamWalk(lines, answers);
        return walk.Go(new State(0, Impression.None, true, 0)) ? [.. walk._path.Reverse()] : null;
    }

    private bool Go(State state)
    {
        if (state.Index >= _lines.Count)
        {
            return state is { Impression: Impression.Good, Succeeded: true };
        }

        if (!_seen.Add(state))
        {
            return false;
        }

        foreach (string code in _answers(_lines[state.Index]))
        {
            _path.Push(new(_lines[state.Index], code));
            if (Go(After(state, code)))
            {
                return true;
            }

            _path.Pop();
        }

        return false;
    }

    private State After(State state, string code)
    {
        PamLine line = _lines[state.Index];
        if (line.Module == PamLine.Substack)
        {
            return state.EnterSubstack(line.Level + 1);
        }

        (PamAction action, int jump) = line.Control.For(code);
        bool success = code is "success" or "new_authtok_reqd";
        State next = state with { Index = state.Index + 1 };
        switch (action)
        {
            case PamAction.Ignore:
                return next;
            case PamAction.Reset:
                return next.Reset(line.Level);
            case PamAction.Ok or PamAction.Done:
                if (state.Impression is Impression.None || state is { Impression: Impression.Good, Succeeded: true })
                {
                    next = next with { Impression = Impression.Good, Succeeded = success };
                }

                return action is PamAction.Done && next.Impression is Impression.Good ? EndOfLevel(next) : next;
            case PamAction.Jump:
                return Jump(next, jump);
            default:
                next = next with { Impression = Impression.Bad, Succeeded = false };
                return action is PamAction.Die ? EndOfLevel(next) : next;
        }
    }

    /// <summary>"done" and "die" end the substack that they stand in, or all.</summary>
    private State EndOfLevel(State next)
    {
        int level = _lines[next.Index - 1].Level;
        int index = next.Index;
        while (index < _lines.Count && level > 0 && _lines[index].Level >= level)
        {
            index++;
        }

        return next with { Index = level == 0 ? _lines.Count : index };
    }

    /// <summary>A substack counts as one; to jump beyond the end of one's own fails.</summary>
    private State Jump(State next, int count)
    {
        int level = _lines[next.Index - 1].Level;
        int index = next.Index;
        for (; count > 0 && index < _lines.Count && _lines[index].Level >= level; count--)
        {
            index++;
            while (index < _lines.Count && _lines[index].Level > level)
            {
                index++;
            }
        }

        return count > 0
            ? next with { Index = index, Impression = Impression.Bad, Succeeded = false }
            : next with { Index = index };
    }

    private enum Impression
    {
        None,
        Good,
        Bad,
    }

    /// <param name="Before">What was so when each substack began, three bits a level: "reset" goes back to that.</param>
    private readonly record struct State(int Index, Impression Impression, bool Succeeded, ulong Before)
    {
        private const int Bits = 3;
        private const int MostLevels = 16; // pam_private.h, PAM_SUBSTACK_MAX_LEVEL

        public State EnterSubstack(int level)
        {
            if (level >= MostLevels)
            {
                return this with { Index = Index + 1, Impression = Impression.Bad, Succeeded = false };
            }

            ulong now = ((ulong)Impression << 1) | (Succeeded ? 1UL : 0UL);
            return this with { Index = Index + 1, Before = (Before & ~(7UL << (Bits * level))) | (now << (Bits * level)) };
        }

        public State Reset(int level)
        {
            ulong before = (Before >> (Bits * level)) & 7;
            return level == 0
                ? this with { Impression = Impression.None, Succeeded = true }
                : this with { Impression = (Impression)(before >> 1), Succeeded = (before & 1) == 1 };
        }
    }
}
