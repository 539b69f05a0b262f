package jupyter

import (
	"context"
	"strings"
	"sync"
	"unicode/utf8"

	"spikebook/kernel/jupyter/zmtp"
)

// How much may wait for one subscriber of IOPub, in bytes.
const (
	iopubFull = 16 << 20 // Send blocks
	iopubBusy = 8 << 20  // Room blocks
)

// Limits of what a subscriber may ask for.
const (
	maxTopics = 64
	maxTopic  = 1 << 10 // bytes
)

// publisher sends to those who have subscribed, as an XPUB socket does.
type publisher struct {
	welcome func(topic string) zmtp.Message
	heard   chan struct{} // closed at the first subscription

	mu          sync.Mutex
	subscribers map[*zmtp.Peer]map[string]int // how often which topic
}

func newPublisher(welcome func(topic string) zmtp.Message) *publisher {
	return &publisher{welcome: welcome, heard: make(chan struct{}), subscribers: map[*zmtp.Peer]map[string]int{}}
}

// receive handles what a subscriber sends: 1 or 0, and the topic that it wants
// or wants no more. A new subscription is answered with a welcome, to this
// subscriber only, before anything else.
func (p *publisher) receive(peer *zmtp.Peer, frames [][]byte) {
	if len(frames) != 1 || len(frames[0]) == 0 || len(frames[0]) > maxTopic {
		return // a subscriber has nothing to say
	}
	topic := string(frames[0][1:])
	p.mu.Lock()
	defer p.mu.Unlock()
	topics := p.subscribers[peer]
	switch frames[0][0] {
	case 1:
		if topics == nil {
			topics = map[string]int{}
			p.subscribers[peer] = topics
		}
		if topics[topic] == 0 {
			if len(topics) == maxTopics {
				return
			}
			if utf8.ValidString(topic) {
				peer.Send(p.welcome(topic))
			}
		}
		topics[topic]++
		select {
		case <-p.heard:
		default:
			close(p.heard)
		}
	case 0:
		if topics[topic]--; topics[topic] <= 0 {
			delete(topics, topic)
		}
	}
}

func (p *publisher) gone(peer *zmtp.Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.subscribers, peer)
}

// hearing returns the subscribers of a topic.
func (p *publisher) hearing(topic string) (peers []*zmtp.Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for peer, topics := range p.subscribers {
		for t := range topics {
			if strings.HasPrefix(topic, t) {
				peers = append(peers, peer)
				break
			}
		}
	}
	return peers
}

// publish sends frames to the subscribers of the first one. It waits for those
// who are slow; the socket drops those who have stopped.
func (p *publisher) publish(ctx context.Context, frames [][]byte) error {
	peers := p.hearing(string(frames[0]))
	if len(peers) == 0 {
		return nil
	}
	m := zmtp.Encode(frames)
	for _, peer := range peers {
		if err := peer.Wait(ctx, iopubFull); err != nil {
			return err
		}
		peer.Send(m)
	}
	return nil
}

// room waits until no subscriber is far behind.
func (p *publisher) room(ctx context.Context) error {
	for _, peer := range p.hearing("") {
		if err := peer.Wait(ctx, iopubBusy); err != nil {
			return err
		}
	}
	return nil
}
