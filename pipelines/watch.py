#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: watch.py FILE|mic

Prints the words and gestures of a recording, or the words said into the
microphone: start and end in seconds, what it is, how sure. The bus messages of
rnnspeech and rnngesture read in Python, through GObject introspection alone
(Debian: python3-gi gir1.2-gstreamer-1.0).
"""
import os
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

SPEECH = "queue max-size-time=0 max-size-bytes=0 ! audioconvert ! audioresample ! rnnspeech ! fakesink"
GESTURE = "queue max-size-time=0 max-size-bytes=0 ! videoconvert ! rnngesture ! fakesink"


class Watch:
    def __init__(self, where):
        self.loop = GLib.MainLoop()
        self.failed = False
        self.left = [("audio/", SPEECH), ("video/", GESTURE)]
        self.pipeline = Gst.Pipeline.new(None)
        if where == "mic":
            source = os.environ.get("MICROPHONE", "autoaudiosrc")
            self.pipeline.add(Gst.parse_bin_from_description(f"{source} ! {SPEECH}", False))
        else:
            decoder = Gst.ElementFactory.make("uridecodebin")
            decoder.set_property("uri", Gst.filename_to_uri(where))
            decoder.connect("pad-added", self.on_pad_added)
            self.pipeline.add(decoder)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::element", self.on_result)
        bus.connect("message::error", self.on_error)
        bus.connect("message::eos", lambda *_: self.loop.quit())

    def on_pad_added(self, _decoder, pad):
        """The first audio and the first video stream are looked at."""
        caps = pad.get_current_caps() or pad.query_caps(None)
        kind = caps.get_structure(0).get_name()
        branch = "fakesink"
        for entry in self.left:
            if kind.startswith(entry[0]):
                self.left.remove(entry)
                branch = entry[1]
                break
        part = Gst.parse_bin_from_description(branch, True)
        self.pipeline.add(part)
        pad.link(part.get_static_pad("sink"))
        part.sync_state_with_parent()

    @staticmethod
    def on_result(_bus, message):
        result = message.get_structure()
        if result.get_name() == "rnngesture":
            show(result, f"[gesture: {result.get_string('gesture')}]")
        elif result.get_name() == "rnnspeech" and result.get_boolean("final")[1]:
            # A list of structures is behind GValues; JSON on json_src is not.
            show(result, result.get_string("text"))

    def on_error(self, _bus, message):
        error, _ = message.parse_error()
        print(f"watch.py: {error.message}", file=sys.stderr)
        self.failed = True
        self.loop.quit()

    def run(self):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 2,
                             lambda: self.pipeline.send_event(Gst.Event.new_eos()))
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        return 1 if self.failed else 0


def show(result, what):
    start = result.get_uint64("timestamp").value / 1e9
    end = start + result.get_uint64("duration").value / 1e9
    sure = result.get_double("confidence").value
    print(f"{start:8.2f} {end:8.2f}  {what}  {100 * sure:.0f} %", flush=True)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__, end="")
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    Gst.init(None)
    return Watch(sys.argv[1]).run()


if __name__ == "__main__":
    sys.exit(main())
