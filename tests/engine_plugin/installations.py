"""The installations that the tests' nodes share, made by `scripts/engine` beside the check."""

from plugin_config.node.distribution import locked
from plugin_config.node.java import find_java
from plugin_config.node.plugin_home import plugin_home
from plugin_config.state_dir import default_state_dir, make_state_dir

if __name__ == "__main__":
    state = make_state_dir(default_state_dir())
    with locked(state):
        plugin_home(state, find_java(), print)
