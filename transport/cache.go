package transport

import (
	"container/list"
	"context"
	"sync"
)

// cache keeps the values used last, as many as fit in a number of bytes. It is
// safe for concurrent use and is a graphql.Cache.
type cache[V any] struct {
	// capacity is the most bytes of all entries, and weigh tells those of one. An
	// entry of more than a sixteenth of the capacity is not kept.
	capacity int
	weigh    func(key string, value V) int

	mu      sync.Mutex
	bytes   int
	entries map[string]*list.Element // of entry[V]
	used    *list.List               // the one used last in front
}

type entry[V any] struct {
	key    string
	value  V
	weight int
}

func newCache[V any](capacity int, weigh func(string, V) int) *cache[V] {
	return &cache[V]{capacity: capacity, weigh: weigh, entries: map[string]*list.Element{}, used: list.New()}
}

// Get returns the value of a key, if it is kept.
func (c *cache[V]) Get(_ context.Context, key string) (value V, kept bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, kept := c.entries[key]
	if !kept {
		return value, false
	}
	c.used.MoveToFront(element)
	return element.Value.(entry[V]).value, true
}

// Add keeps a value and lets go of those used longest ago.
func (c *cache[V]) Add(_ context.Context, key string, value V) {
	weight := c.weigh(key, value)
	if weight > c.capacity/16 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, kept := c.entries[key]; kept {
		c.remove(known)
	}
	c.entries[key] = c.used.PushFront(entry[V]{key, value, weight})
	c.bytes += weight
	for c.bytes > c.capacity {
		c.remove(c.used.Back())
	}
}

func (c *cache[V]) remove(element *list.Element) {
	old := c.used.Remove(element).(entry[V])
	delete(c.entries, old.key)
	c.bytes -= old.weight
}
