# What the token of one run of a toolkit may do: read the toolkit's settings and records, and the
# paths that its manifest declares, below its own path and below shared/. The token is made for a
# name whose fields hold these paths (toolbox/secrets/grants.py), and Vault puts them in place of the
# templates; so one policy serves every toolkit, and the platform never writes policies. A line
# whose fields a name lacks opens nothing. Vault puts no value with a slash or a star into a path:
# hence a field for each part, and places for so many paths of one, two and three parts.
# "${data}" is the KV mount, with /data in version 2; "${accessor}" is that of the token auth method.
path "sys/internal/ui/mounts/${mount}" { capabilities = ["read"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/settings" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/records/*" { capabilities = ["read"] }

# All of its own ("*"), or all that is shared.
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.own_all}}/*" { capabilities = ["read"] }
path "${data}/{{identity.entity.aliases.${accessor}.custom_metadata.shared_all}}/*" { capabilities = ["read"] }

# Below its own path.
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_0_0}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_0_0}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_1_0}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_1_0}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_2_0}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_2_0}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_3_0}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_3_0}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_4_0}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_4_0}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_5_0}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_5_0}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_6_0}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_6_0}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_7_0}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own1_7_0}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_0_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_0_1}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_0_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_0_1}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_1_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_1_1}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_1_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_1_1}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_2_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_2_1}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_2_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_2_1}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_3_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_3_1}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_3_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_3_1}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_4_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_4_1}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_4_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_4_1}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_5_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_5_1}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_5_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own2_5_1}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_0_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_0_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_0_2}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_0_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_0_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_0_2}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_1_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_1_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_1_2}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_1_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_1_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_1_2}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_2_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_2_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_2_2}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_2_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_2_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_2_2}}/*" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_3_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_3_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_3_2}}" { capabilities = ["read"] }
path "${data}/toolkits/{{identity.entity.aliases.${accessor}.custom_metadata.toolkit}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_3_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_3_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.own3_3_2}}/*" { capabilities = ["read"] }

# Below shared/.
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_0_0}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_0_0}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_1_0}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_1_0}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_2_0}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_2_0}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_3_0}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_3_0}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_4_0}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_4_0}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_5_0}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_5_0}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_6_0}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_6_0}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_7_0}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared1_7_0}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_0_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_0_1}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_0_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_0_1}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_1_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_1_1}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_1_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_1_1}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_2_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_2_1}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_2_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_2_1}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_3_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_3_1}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_3_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_3_1}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_4_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_4_1}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_4_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_4_1}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_5_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_5_1}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_5_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared2_5_1}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_0_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_0_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_0_2}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_0_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_0_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_0_2}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_1_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_1_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_1_2}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_1_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_1_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_1_2}}/*" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_2_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_2_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_2_2}}" { capabilities = ["read"] }
path "${data}/shared/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_2_0}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_2_1}}/{{identity.entity.aliases.${accessor}.custom_metadata.shared3_2_2}}/*" { capabilities = ["read"] }
