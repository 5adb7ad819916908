# What Slipway has granted. The input names consumer, api and environment, and a scope or an operation ("GET /orders/{id}").
package slipway.access

import rego.v1

default allow := false

# The scopes that the consumer has now.
scopes contains scope if {
	some environment in [input.environment, "*"]
	some scope, expires in data.slipway.grants[input.consumer][input.api][environment]
	time.now_ns() < expires * 1000000000
}

allow if input.scope in scopes

# Any of the scopes that open an operation is enough.
allow if {
	some scope in data.slipway.operations[input.api][input.operation]
	scope in scopes
}
