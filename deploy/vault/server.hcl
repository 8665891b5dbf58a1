# OpenBao for one host: Raft storage on the volume, at the image's own folder, which its user may
# write; TLS left to the private network of the stack.
storage "raft" {
  path    = "/openbao/file"
  node_id = "one"
}
listener "tcp" {
  address         = "0.0.0.0:8200"
  cluster_address = "0.0.0.0:8201"
  tls_disable     = true
}
api_addr     = "http://openbao:8200"
cluster_addr = "http://openbao:8201"
ui           = false
