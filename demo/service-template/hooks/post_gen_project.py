"""The new service begins as a repository."""

import subprocess

subprocess.run(["git", "init", "-b", "main"], check=True)
