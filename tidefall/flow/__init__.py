"""Control flow: `cond`, `case`, `while_loop`, and the contexts that build their nodes."""
