# What the platform may do, with KV version 2: its own mount, and tokens for runs of toolkits that
# may do less. Looking up, renewing and revoking its own token come with Vault's policy "default".
# "${mount}" is replaced by VAULT_KV_MOUNT and "${accessor}" by that of the token auth method:
# `manage.py bootstrap_vault` does so.
path "${mount}/data/*" { capabilities = ["create", "read", "update", "delete"] }
path "${mount}/metadata/*" { capabilities = ["read", "list", "delete"] }
path "${mount}/metadata" { capabilities = ["list"] }
path "${mount}/metadata/" { capabilities = ["list"] }
path "sys/internal/ui/mounts/${mount}" { capabilities = ["read"] }

# Names for runs, whose fields are what a toolkit declares, and tokens for these names alone. A name
# is always an entity of its own, without policies: an existing one (canonical_id) may not be given.
path "sys/internal/ui/mounts/auth/token" { capabilities = ["read"] }
path "identity/entity-alias" {
  capabilities        = ["create", "update"]
  required_parameters = ["name", "mount_accessor"]
  allowed_parameters = {
    "name"            = ["toolbox-run-*"]
    "mount_accessor"  = ["${accessor}"]
    "custom_metadata" = []
  }
}
path "auth/token/create/toolbox-run" { capabilities = ["update"] }
