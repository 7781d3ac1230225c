"""Train DQN to trade one stock, and compare it with rules that anyone could follow.

    python docs/examples/train_dqn.py

Everything is plain Stable-Baselines3; `qtg train dqn trading` does the same with checkpoints.
"""

import argparse
from pathlib import Path

import torch
from stable_baselines3 import DQN

import qtg
from qtg.training.evaluation import Exams, of_policy
from qtg.training.rules import rules_of

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=1_000_000)
parser.add_argument("--envs", type=int, default=64)
parser.add_argument("--episodes", type=int, default=50)
asked = parser.parse_args()

torch.set_num_threads(1)
# A reward that is about as large as 1: profit in units of three dollars.
settings = {"reward": {"kind": "profit_and_loss", "weight": 0.3}, "steps": 200}
env = qtg.gym.make_sb3("qtg/Trading-v0", num_envs=asked.envs, **settings)
env.seed(1)
learner = DQN(
    "MlpPolicy",
    env,
    learning_rate=5e-4,
    buffer_size=min(asked.steps, 300_000),
    learning_starts=asked.steps // 50,
    batch_size=512,
    train_freq=4,  # steps of each environment
    gradient_steps=4,
    gamma=0.98,
    target_update_interval=5_000,
    exploration_fraction=0.4,
    exploration_final_eps=0.02,
    seed=1,
    device="cpu",
)
learner.learn(asked.steps)
Path("runs/example-dqn").mkdir(parents=True, exist_ok=True)
learner.save("runs/example-dqn/model.zip")

held_out = qtg.gym.make_sb3("qtg/Trading-v0", num_envs=20 * asked.episodes, **settings).batch
exams = Exams(held_out, first_seed=1_000_000, seeds=20, episodes=asked.episodes)
rules = {"dqn": of_policy(lambda seen: learner.predict(seen, deterministic=True)[0])}
for name, rule in (rules | rules_of(held_out)).items():
    line = exams.line(name, rule)
    print(f"{name:<18} {line.reward:8.4f}   95% interval {line.low:8.4f} .. {line.high:8.4f}")
