# The same as platform.hcl for a mount with KV version 1.
path "${mount}/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "${mount}" { capabilities = ["list"] }
path "${mount}/" { capabilities = ["list"] }
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
