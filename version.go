package redis

// libraryName is how this library introduces itself to servers.
const libraryName = "rediscluster"

const version = "0.1.0"

// Version is this library's version, as CLIENT LIST shows it too.
func Version() string { return version }
