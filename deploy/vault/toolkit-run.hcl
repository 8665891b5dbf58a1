# What the token of one run of a toolkit may do: read below the toolkit's own paths. The token is
# made with the toolkit's slug as entity alias, which Vault puts in place of the template; so one
# policy serves every toolkit, and the platform never writes policies.
# "${mount}" is the KV mount and "${accessor}" that of the token auth method.
path "${mount}/data/toolkits/{{identity.entity.aliases.${accessor}.name}}/*" { capabilities = ["read"] }
path "${mount}/toolkits/{{identity.entity.aliases.${accessor}.name}}/*" { capabilities = ["read"] }
path "sys/internal/ui/mounts/${mount}" { capabilities = ["read"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
