# Shortcuts for those who have `just`; every recipe is one line that works without it.

# What is there.
default:
    @just --list

# Everything a change needs to pass.
test *ARGS:
    cargo xtask test {{ARGS}}

# The house rules alone.
tidy:
    cargo xtask tidy

# Formatting, applied.
fmt:
    cargo fmt --all

# The lints as the tests run them.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# A server on sample data, in a temporary folder.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# A server on the default data directory.
serve *ARGS:
    cargo run --release -- serve {{ARGS}}

# Import speed against a raw SQLite load.
bench *ARGS:
    cargo xtask bench {{ARGS}}

# What a big import makes others wait.
latency *ARGS:
    cargo xtask latency {{ARGS}}

# Many crashes.
soak kills="1000":
    cargo xtask soak --kills {{kills}}
