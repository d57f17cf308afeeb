"""What a pod says and hears: `python3 -c TEXT VERB ARGUMENTS` in its namespace.

`serve NAME PORT...`     tells everybody who connects NAME and the address they come from; `ready` first, no end
`ask ADDRESS PORT N`     connects N times: a line for each, what was told, or `refused`, `silent`, or the error
`lease`                  asks for an address (DHCP): a line with the address, then one for each option
`resolve SERVER NAME`    asks for the addresses of a name (DNS): a line for each
`count GROUP PORT`       `ready`, then how many datagrams to GROUP came before one to PORT
`join GROUP`             `ready`, and is a member of GROUP, no end
`tell GROUP N`           sends N datagrams to GROUP
`end ADDRESS PORT`       sends one datagram
"""

import os
import selectors
import socket
import struct
import sys


def say(line):
    print(line, flush=True)


def serve(name, *ports):
    waiting = selectors.DefaultSelector()
    for port in ports:
        listener = socket.create_server(("", int(port)))
        waiting.register(listener, selectors.EVENT_READ)
    say("ready")
    while True:
        for key, _ in waiting.select():
            connection, (address, _) = key.fileobj.accept()
            with connection:
                connection.sendall(f"{name} {address}".encode())


def ask(address, port, n):
    for _ in range(int(n)):
        try:
            with socket.create_connection((address, int(port)), timeout=3) as connection:
                told = b""
                while part := connection.recv(1024):
                    told += part
                say(told.decode())
        except ConnectionRefusedError:
            say("refused")
        except TimeoutError:
            say("silent")
        except OSError as error:
            say(error)


def lease():
    device = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    device.bind(("eth0", 0))
    mac = device.getsockname()[4]
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    client.bind(("", 68))
    client.settimeout(3)
    cookie = b"\x63\x82\x53\x63"

    def exchange(kind, more):
        number = os.urandom(4)
        # RFC 2131: a request over Ethernet, whose answer is to be broadcast.
        head = struct.pack("!BBBB4sHH16x16s192x", 1, 1, 6, 0, number, 0, 0x8000, mac)
        client.sendto(head + cookie + bytes([53, 1, kind]) + more + b"\xff", ("255.255.255.255", 67))
        while True:
            answer = client.recv(2048)
            if answer[0] == 2 and answer[4:8] == number and answer[236:240] == cookie:
                break
        options, at = {}, 240
        while answer[at] != 255:
            if answer[at] == 0:
                at += 1
                continue
            length = answer[at + 1]
            options[answer[at]] = answer[at + 2 : at + 2 + length]
            at += 2 + length
        return answer[16:20], options

    offered, options = exchange(1, b"")
    assert options[53] == b"\x02", options
    wanted = bytes([50, 4]) + offered + bytes([54, 4]) + options[54]
    given, options = exchange(3, wanted)
    assert options[53] == b"\x05" and given == offered, options
    say(socket.inet_ntoa(given))
    for number, value in sorted(options.items()):
        say(f"{number} {value.hex()}")


def resolve(server, name):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(3)
    number = os.urandom(2)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + struct.pack("!HH", 1, 1)
    client.sendto(number + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + question, (server, 53))
    answer = client.recv(2048)
    assert answer[:2] == number and answer[12 : 12 + len(question)].lower() == question.lower(), answer
    (count,) = struct.unpack("!H", answer[6:8])
    at = 12 + len(question)
    for _ in range(count):
        # The name, or where it was before.
        while 0 < answer[at] < 192:
            at += 1 + answer[at]
        at += 2 if answer[at] else 1
        kind, _, _, length = struct.unpack("!HHIH", answer[at : at + 10])
        at += 10
        if kind == 1:
            say(socket.inet_ntoa(answer[at : at + length]))
        at += length


def count(group, port):
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    say("ready")
    group, n = socket.inet_aton(group), 0
    while True:
        packet = sniffer.recv(2048)
        length = 4 * (packet[0] & 15)
        if packet[9] != socket.IPPROTO_UDP:
            continue
        if packet[16:20] == group:
            n += 1
        elif struct.unpack("!H", packet[length + 2 : length + 4])[0] == int(port):
            break
    say(n)


def join(group):
    member = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    membership = socket.inet_aton(group) + socket.inet_aton("0.0.0.0")
    member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    say("ready")
    while True:
        member.recv(2048)


def tell(group, n):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(int(n)):
        sender.sendto(b"news", (group, 5000))


def end(address, port):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end", (address, int(port)))


{verb.__name__: verb for verb in [serve, ask, lease, resolve, count, join, tell, end]}[sys.argv[1]](*sys.argv[2:])
