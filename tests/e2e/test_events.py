"""The event stream: ordered, unique, atomic, reliable, resumable."""

import guests
from harness import EndToEnd, api


class Events(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def define(self, name, **fields):
        return self.client.define(guests.test_xml(name), parent=api.TEST, **fields)

    def test_a_snapshot_comes_first_then_changes(self):
        self.define("old")
        watch = self.client.watch()
        done = watch.wait_snapshot()
        self.assertEqual([(event.domain.name, event.type) for _, event in watch.events()],
                         [("hypervisors/test/domains/old", api.event_pb2.EVENT_TYPE_PRESENT)])
        new = self.define("new")
        revision, event = watch.wait_event("new", "DEFINED", "DEFINED_ADDED")
        self.assertGreater(revision, done.revision)
        self.assertEqual(revision, new.revision)
        self.assertEqual(event.domain.etag, new.etag)

    def test_a_list_continues_as_a_watch(self):
        self.define("a")
        revision = self.client.list().revision
        self.define("b")
        watch = self.client.watch(start_revision=revision + 1)
        watch.wait_event("b", "DEFINED")
        self.assertEqual([event.domain.name.rpartition("/")[2] for _, event in watch.events()], ["b"])

    def test_all_events_come_again_from_any_revision_and_after_restarts(self):
        for i in range(10):
            self.define(f"d{i}")
        self.client.start("hypervisors/test/domains/d0")
        self.client.verb("Suspend", "hypervisors/test/domains/d0")
        self.client.verb("Destroy", "hypervisors/test/domains/d0")
        self.client.undefine("hypervisors/test/domains/d1")

        def story(client, start):
            watch = client.watch(start_revision=start, until_current=True)
            self.assertIsNone(watch.wait_end())
            return [(revision, event.type, event.detail, event.domain.name) for revision, event in watch.events()]

        first = story(self.client, 1)
        self.assertEqual(len(first), 14)
        self.assertEqual([revision for revision, *_ in first], sorted({revision for revision, *_ in first}))
        self.reeved.restart()
        client = self.reeved.client()
        self.assertEqual(story(client, 1)[:len(first)], first)
        middle = first[7][0]
        self.assertEqual(story(client, middle)[:len(first) - 7], first[7:])

    def test_a_watch_sees_only_what_it_asked_for(self):
        self.define("mine")
        watch = self.client.watch(parent="hypervisors/test/domains/mine")
        watch.wait_snapshot()
        types = self.client.watch(types=[api.event_pb2.EVENT_TYPE_STARTED])
        self.define("other")
        self.client.start("hypervisors/test/domains/other")
        self.client.start("hypervisors/test/domains/mine")
        watch.wait_event("mine", "STARTED")
        types.wait_event("mine", "STARTED")
        self.assertEqual({event.domain.name.rpartition("/")[2] for _, event in watch.events()}, {"mine"})
        self.assertLessEqual({event.type for _, event in types.events()},
                             {api.event_pb2.EVENT_TYPE_STARTED, api.event_pb2.EVENT_TYPE_PRESENT})

    def test_the_future_is_refused(self):
        with self.fails("REVISION_UNKNOWN"):
            raise self.client.watch(start_revision=10 ** 9).wait_end()
        with self.fails("REQUEST_INVALID"):
            raise self.client.watch(start_revision=-1).wait_end()

    def test_a_hundred_watchers_see_the_same(self):
        with self.flat(self.reeved, threads=10):
            watches = [self.reeved.client().watch() for _ in range(50)]
            for watch in watches:
                watch.wait_snapshot()
            self.define("x")
            seen = {watch.wait_event("x", "DEFINED")[0] for watch in watches}
            self.assertEqual(len(seen), 1)
            for watch in watches:
                watch.close()
            self.reeved.close_clients()
            self.client = self.reeved.client()
            self.client.list()

    def test_the_end_of_the_daemon_ends_the_watch(self):
        watch = self.client.watch()
        watch.wait_snapshot()
        self.reeved.process.terminate()
        self.assertIsNotNone(watch.wait_end(20))
        self.reeved.wait_end()


class Compaction(EndToEnd):

    def test_a_revision_older_than_the_journal_is_told(self):
        reeved = self.daemon(config="[journal]\nmax_revisions = 100\n")
        client = reeved.client()
        for i in range(130):
            client.define(guests.test_xml("c"), parent=api.TEST)
            client.undefine("hypervisors/test/domains/c")
        reeved.restart()  # compaction may be lazy; a start does it at the latest
        client = reeved.client()
        watch = client.watch(start_revision=1)
        error = watch.wait_end()
        self.assertEqual(api.reason(error), "REVISION_COMPACTED")
        oldest = watch.messages[-1].compacted.oldest_revision
        self.assertGreater(oldest, 1)
        again = client.watch(start_revision=oldest, until_current=True)
        self.assertIsNone(again.wait_end())
        self.assertEqual(again.revisions()[0], oldest)


class SlowReaders(EndToEnd):

    def test_a_client_that_never_reads_hurts_nobody_and_gets_the_newest_state(self):
        reeved = self.daemon(config="[limits]\nevent_queue_events = 10\nevent_queue_bytes = 65536\n")
        client, slow = reeved.client(), reeved.client()
        call = slow.events.Watch(api.event_service_pb2.WatchRequest(view=api.domain_service_pb2.DOMAIN_VIEW_FULL))
        fast = client.watch()
        fast.wait_snapshot()
        title = "t" * 2000
        first = reeved.resources()[2]
        client.define(guests.test_xml("busy", extra=f"<title>{title}</title>"), parent=api.TEST)
        for _ in range(150):
            client.start("hypervisors/test/domains/busy")
            client.verb("Destroy", "hypervisors/test/domains/busy")
        fast.wait(lambda: sum(event.type == api.event_pb2.EVENT_TYPE_STOPPED for _, event in fast.events()) == 150,
                  "every event at the fast reader", 20)
        self.assertLess(reeved.resources()[2] - first, 20000, "memory grew with the slow reader")
        seen, coalesced, last = 0, 0, None
        try:
            for message in call:
                for event in message.events:
                    seen, coalesced = seen + 1, coalesced + event.coalesced
                    last = event
                if last and last.domain.revision == client.get("hypervisors/test/domains/busy").revision:
                    break
            print(f"    the slow reader got {seen} events and {coalesced} coalesced ones")
        except api.grpc.RpcError as error:
            self.assertEqual(api.reason(error), "RESYNC_REQUIRED")
