# What the second token of a run may do, which it gets when it reads what toolkits share: one secret
# below shared/, or what lies below it. The token is made with that name as entity alias (Vault
# puts no name with a slash into a template, so it is the first name below shared/).
# "${mount}" is the KV mount and "${accessor}" that of the token auth method.
path "${mount}/data/shared/{{identity.entity.aliases.${accessor}.name}}" { capabilities = ["read"] }
path "${mount}/data/shared/{{identity.entity.aliases.${accessor}.name}}/*" { capabilities = ["read"] }
path "${mount}/shared/{{identity.entity.aliases.${accessor}.name}}" { capabilities = ["read"] }
path "${mount}/shared/{{identity.entity.aliases.${accessor}.name}}/*" { capabilities = ["read"] }
path "sys/internal/ui/mounts/${mount}" { capabilities = ["read"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
