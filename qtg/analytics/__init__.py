"""What a run's agents made of it, from its stored tables alone.

equity       equity curves, of an agent or of a kind
results      exact profit, fees and turnover of every agent; the leaderboard; profit by kind
risk         Sharpe, Sortino, drawdown, value at risk per agent
rebuild      the ledger again, from the trades
"""
