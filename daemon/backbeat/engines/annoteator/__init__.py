"""The hit engine `annoteator`: AnNOTEator's network, used as upstream does and tuned. The adapter is `engine`."""
