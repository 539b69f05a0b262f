package bridge

import "spikebook/kernel/jupyter"

// ahead is how many messages of GoNB are handed to Run before it takes them: a
// picture must come after what was printed, so Run must see what there is.
const ahead = 256

// relay passes on what GoNB sends when the front ends have room for it, so that
// the goroutine of Run never waits for a front end.
func (b *Bridge) relay(backend Backend) <-chan jupyter.Received {
	to := make(chan jupyter.Received, ahead)
	go func() {
		for {
			select {
			case m := <-backend.Received():
				if m.Channel == jupyter.IOPub {
					_ = b.front.Room(b.ctx) // an error says that the kernel ends
				}
				select {
				case to <- m:
				case <-backend.Done():
					return
				case <-b.ended:
					return
				}
			case <-backend.Done():
				return
			case <-b.ended:
				return
			}
		}
	}()
	return to
}
