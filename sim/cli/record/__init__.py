"""The verbs about the published record: how the draws fit it, fit them to it, how they would have forecast it."""
