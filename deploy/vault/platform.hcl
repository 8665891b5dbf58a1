# What the platform may do, with KV version 2: its own mount, and tokens for runs of toolkits that
# may do less. Looking up, renewing and revoking its own token come with Vault's policy "default".
# "${mount}" is replaced by VAULT_KV_MOUNT: `manage.py bootstrap_vault` does so.
path "${mount}/data/*" { capabilities = ["create", "read", "update", "delete"] }
path "${mount}/metadata/*" { capabilities = ["read", "list", "delete"] }
path "${mount}/metadata" { capabilities = ["list"] }
path "${mount}/metadata/" { capabilities = ["list"] }
path "sys/internal/ui/mounts/${mount}" { capabilities = ["read"] }
path "auth/token/create/toolbox-run" { capabilities = ["update"] }
path "auth/token/create/toolbox-run-shared" { capabilities = ["update"] }
