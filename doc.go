// Package redis is a client for Redis Cluster, Valkey and Amazon ElastiCache.
package redis
