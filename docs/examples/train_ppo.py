"""Train PPO to buy 1,000 shares cheaply, and compare it with rules that anyone could follow.

    python docs/examples/train_ppo.py
    tensorboard --logdir runs/example-ppo/tensorboard

Everything is plain Stable-Baselines3; `qtg train ppo execution` does the same with checkpoints.
"""

import argparse

import torch
from stable_baselines3 import PPO

import qtg
from qtg.training.evaluation import Exams, of_policy
from qtg.training.rules import rules_of

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=1_000_000)
parser.add_argument("--envs", type=int, default=256)
parser.add_argument("--episodes", type=int, default=50)
asked = parser.parse_args()

torch.set_num_threads(1)
order = {"parent": 1_000, "size": 50, "steps": 40}  # shares, shares a trade, decisions
env = qtg.gym.make_sb3("qtg/Execution-v0", num_envs=asked.envs, **order)
env.seed(1)
learner = PPO(
    "MlpPolicy",
    env,
    n_steps=order["steps"],
    batch_size=order["steps"] * asked.envs // 4,
    n_epochs=5,
    gamma=1.0,  # a parent order has an end: nothing after it counts
    learning_rate=lambda left: 1e-3 * left + 1e-5,
    ent_coef=0.001,
    seed=1,
    device="cpu",
    tensorboard_log="runs/example-ppo/tensorboard",
)
learner.learn(asked.steps)
learner.save("runs/example-ppo/model.zip")

# Twenty seeds that it did not learn from.
held_out = qtg.gym.make_sb3("qtg/Execution-v0", num_envs=20 * asked.episodes, **order).batch
exams = Exams(held_out, first_seed=1_000_000, seeds=20, episodes=asked.episodes)
rules = {"ppo": of_policy(lambda seen: learner.predict(seen, deterministic=True)[0])}
for name, rule in (rules | rules_of(held_out)).items():
    line = exams.line(name, rule)
    print(f"{name:<18} {line.reward:8.4f}   95% interval {line.low:8.4f} .. {line.high:8.4f}")
