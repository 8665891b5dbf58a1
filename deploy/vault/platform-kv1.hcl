# The same as platform.hcl for a mount with KV version 1.
path "${mount}/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "${mount}" { capabilities = ["list"] }
path "${mount}/" { capabilities = ["list"] }
path "sys/internal/ui/mounts/${mount}" { capabilities = ["read"] }
path "auth/token/create/toolbox-run" { capabilities = ["update"] }
path "auth/token/create/toolbox-run-shared" { capabilities = ["update"] }
