//! No address can be reached, the machine's own least of all.

use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::{Bench, attempt, is_root, python_outside};

#[test]
fn tcp_to_the_machine_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for guest in listener.incoming() {
            drop(guest);
        }
    });
    Bench::new()
        .refuses(&attempt(&format!("socket.create_connection(('127.0.0.1',{port}),timeout=3)")));
}

#[test]
fn udp_to_the_machine_is_refused() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let bench = Bench::new();
    let send = attempt(&format!(
        "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.sendto(b'out',('127.0.0.1',{port}))"
    ));
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut buffer = [0; 8];
    bench.shut(&send);
    assert!(socket.recv(&mut buffer).is_err(), "a datagram came out of the room");
    assert!(python_outside(&send).contains("OPEN"));
    assert_eq!(socket.recv(&mut buffer).unwrap(), 3);
}

#[test]
fn icmp_raw_packet_and_kernel_sockets_are_refused() {
    let bench = Bench::new();
    // Kernel sockets are open to everyone outside; raw ones to root only.
    bench.refuses(&attempt("socket.socket(socket.AF_NETLINK,socket.SOCK_RAW,0).bind((0,0))"));
    let raw = [
        attempt("socket.socket(socket.AF_INET,socket.SOCK_RAW,socket.IPPROTO_ICMP)"),
        attempt("socket.socket(socket.AF_PACKET,socket.SOCK_RAW,3)"),
    ];
    for raw in raw {
        if is_root() {
            bench.refuses(&raw);
        } else {
            bench.shut(&raw);
        }
    }
    bench.shut(&attempt("socket.socket(socket.AF_INET6,socket.SOCK_STREAM)"));
    bench.shut(&attempt("socket.socket(40,socket.SOCK_STREAM,0)")); // AF_VSOCK
    bench.shut(&attempt("socket.socket(38,socket.SOCK_SEQPACKET,0)")); // AF_ALG
}

#[test]
fn names_are_not_looked_up() {
    let bench = Bench::new();
    // No resolver is asked outside either: the control is a name of the machine's own file.
    let look = attempt("socket.getaddrinfo('localhost.invalid',80)");
    bench.shut(&look);
    bench.shut(&attempt("open('/etc/resolv.conf')"));
    assert!(python_outside(&attempt("socket.getaddrinfo('localhost',80)")).contains("OPEN"));
}

#[test]
fn the_only_interface_is_the_rooms_own_loopback() {
    let bench = Bench::new();
    let count =
        "print(sum(1 for line in open('/proc/net/dev') if ':' in line and 'lo:' not in line))";
    assert_eq!(bench.python(count).text(), "0");
    let same = "import os;print(os.readlink('/proc/self/ns/net'))";
    assert_ne!(bench.python(same).text(), python_outside(same).trim());
}

#[test]
fn sockets_of_the_machine_without_an_address_are_out_of_reach() {
    let bench = Bench::new();
    let name = format!("helserom-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
    let abstract_one = UnixListener::bind_addr(&address).unwrap();
    let path = bench.dir.path().join("socket");
    let path_one = UnixListener::bind(&path).unwrap();
    for listener in [abstract_one, path_one] {
        std::thread::spawn(move || {
            for guest in listener.incoming() {
                drop(guest);
            }
        });
    }
    let reach = |to: &str| {
        attempt(&format!("s=socket.socket(socket.AF_UNIX,socket.SOCK_STREAM)\ns.connect({to})"))
    };
    bench.refuses(&reach(&format!("'\\0{name}'")));
    bench.refuses(&reach(&format!("{:?}", path.to_str().unwrap())));
}

#[test]
fn programs_in_a_room_can_talk_to_each_other() {
    // Also the control for the attempts above: sockets as such do work.
    let talk = attempt(
        "s=socket.socket(socket.AF_UNIX,socket.SOCK_STREAM)\ns.bind('/tmp/s')\ns.listen()\n\
         c=socket.socket(socket.AF_UNIX,socket.SOCK_STREAM)\nc.connect('/tmp/s')\n\
         s.accept()[0].send(b'x')\nassert c.recv(1)==b'x'",
    );
    assert_eq!(Bench::new().python(&talk).text(), "OPEN");
}

/// Two network namespaces with a cable between them; removed when dropped.
struct Cable {
    here: String,
    there: String,
    server: Option<Child>,
}

fn ip(words: &[&str]) -> Result<(), String> {
    let done = Command::new("/usr/sbin/ip").args(words).output().map_err(|e| e.to_string())?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into()) }
}

impl Cable {
    fn lay() -> Result<Self, String> {
        let id = std::process::id();
        let cable = Self { here: format!("hs{id}a"), there: format!("hs{id}b"), server: None };
        let (here, there) = (cable.here.as_str(), cable.there.as_str());
        ip(&["netns", "add", here])?;
        ip(&["netns", "add", there])?;
        ip(&[
            "link", "add", "near", "netns", here, "type", "veth", "peer", "name", "far", "netns",
            there,
        ])?;
        for (space, link, address) in
            [(here, "near", "10.99.7.1/24"), (there, "far", "10.99.7.2/24")]
        {
            ip(&["-n", space, "addr", "add", address, "dev", link])?;
            ip(&["-n", space, "link", "set", link, "up"])?;
        }
        Ok(cable)
    }

    fn serve(&mut self) {
        // Takes what comes by TCP, and sends back what comes by UDP, where names are
        // asked for too.
        let server = "import socket,threading\n\
                      s=socket.socket();s.bind(('10.99.7.2',8099));s.listen()\n\
                      def echo(port):\n\
                      \x20 u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);u.bind(('10.99.7.2',port))\n\
                      \x20 def on():\n\
                      \x20  while True: u.sendto(*u.recvfrom(512))\n\
                      \x20 threading.Thread(target=on,daemon=True).start()\n\
                      echo(8099);echo(53)\n\
                      print('up',flush=True)\nwhile True: s.accept()";
        let mut child = Command::new("/usr/sbin/ip")
            .args(["netns", "exec", &self.there, "/usr/bin/python3", "-c", server])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = [0; 2];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        self.server = Some(child);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
        let _ = ip(&["netns", "del", &self.here]);
        let _ = ip(&["netns", "del", &self.there]);
    }
}

#[test]
fn another_machine_is_out_of_reach_even_from_a_server_that_reaches_it() {
    if !is_root() {
        let _ = writeln!(std::io::stderr(), "skipped: only root can make a network to try this in");
        return;
    }
    let mut cable = Cable::lay().unwrap();
    cable.serve();
    let file = std::fs::File::open(format!("/run/netns/{}", cable.here)).unwrap();
    // A thread of its own moves into the network; the rooms it starts begin there.
    std::thread::spawn(move || {
        let network = rustix::thread::LinkNameSpaceType::Network;
        rustix::thread::move_into_link_name_space(std::os::fd::AsFd::as_fd(&file), Some(network))
            .unwrap();
        let bench = Bench::new();
        bench.refuses(&attempt("socket.create_connection(('10.99.7.2',8099),timeout=3)"));
        let answered = |kind: &str, said: &str, port: u16| {
            attempt(&format!(
                "s=socket.socket(socket.AF_INET,{kind})\ns.settimeout(3)\n\
                 s.sendto({said},('10.99.7.2',{port}))\nassert s.recv(600)"
            ))
        };
        bench.refuses(&answered("socket.SOCK_DGRAM", "b'out'", 8099));
        // The question for an address of `a.invalid` (RFC 1035, section 4.1).
        let question = "bytes.fromhex('000101000001000000000000016107696e76616c69640000010001')";
        bench.refuses(&answered("socket.SOCK_DGRAM", question, 53));
        // An echo request (RFC 792), answered by the other machine's kernel.
        let ping = "bytes.fromhex('0800f7fe00000001')";
        bench.refuses(&answered("socket.SOCK_RAW,socket.IPPROTO_ICMP", ping, 0));
        bench.shut(&answered("socket.SOCK_DGRAM,socket.IPPROTO_ICMP", ping, 0));
        // A frame of no kind that anybody knows, straight onto the cable.
        bench.refuses(&attempt(
            "s=socket.socket(socket.AF_PACKET,socket.SOCK_RAW)\ns.bind(('near',0x88b5))\n\
             s.send(b'\\xff'*6+bytes(6)+b'\\x88\\xb5'+bytes(46))",
        ));
    })
    .join()
    .unwrap();
}
