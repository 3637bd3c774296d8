"""What include/llmp.h declares, for ctypes: structs, callbacks and prototypes, nothing else.

A test compares every line of this file with the header: sizes and offsets by the C compiler,
prototypes by a C parser. Objects of these types never leave the package.
"""

from __future__ import annotations

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_int64,
    c_size_t,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

ABI_VERSION = 1
"""The least ``llmp_abi_version()`` that has everything declared here."""

MAP_ID_LEN = 20
DESCRIPTION_MAX = 128
WAIT_FOREVER = -1
DONT_WAIT = -2
NO_OFFSET = 2**64 - 1
HOOK_FORWARD = 0
HOOK_DROP = 1
EVENT_TESTCASE = 0
EVENT_OBJECTIVE = 4
STAT_NUMBER = 0
STAT_FLOAT = 1
STAT_TEXT = 2
STAT_RATIO = 3
STAT_PERCENT = 4


class Msg(Structure):
    """llmp_msg."""

    _fields_ = [
        ("tag", c_uint32),
        ("sender", c_uint32),
        ("flags", c_uint32),
        ("reserved", c_uint32),
        ("id", c_uint64),
        ("data", c_void_p),
        ("len", c_size_t),
    ]


class Outgoing(Structure):
    """llmp_outgoing."""

    _fields_ = [("tag", c_uint32), ("flags", c_uint32), ("data", c_void_p), ("len", c_size_t)]


class Map(Structure):
    """llmp_map."""

    _fields_ = [
        ("id", c_char * MAP_ID_LEN),
        ("reserved", c_uint32),
        ("size", c_uint64),
        ("offset", c_uint64),
    ]


class ClientDescription(Structure):
    """llmp_client_description."""

    _fields_ = [("sender", Map), ("receiver", Map)]


class ClientOptions(Structure):
    """llmp_client_options."""

    _fields_ = [
        ("size", c_size_t),
        ("provider", c_char_p),
        ("page_size", c_uint64),
        ("send_timeout_ms", c_int64),
        ("connect_timeout_ms", c_int64),
        ("max_pending_pages", c_uint32),
        ("skip_own", c_uint32),
        ("spin_us", c_uint32),
        ("reserved", c_uint32),
    ]


class BrokerOptions(Structure):
    """llmp_broker_options."""

    _fields_ = [
        ("size", c_size_t),
        ("provider", c_char_p),
        ("page_size", c_uint64),
        ("exit_after_clients", c_uint64),
        ("bind", c_char_p),
        ("history", c_char_p),
        ("archive_dir", c_char_p),
        ("budget", c_uint64),
        ("slow_timeout_ms", c_int64),
        ("spin_us", c_uint32),
        ("only_events", c_uint32),
    ]


class Stats(Structure):
    """llmp_stats."""

    _fields_ = [
        ("size", c_size_t),
        ("clients", c_uint64),
        ("clients_seen", c_uint64),
        ("messages", c_uint64),
        ("bytes", c_uint64),
        ("forwarded", c_uint64),
        ("dropped", c_uint64),
        ("pages", c_uint64),
        ("shared_bytes", c_uint64),
        ("archived_bytes", c_uint64),
        ("cut_off", c_uint64),
        ("bad_clients", c_uint64),
        ("b2b", c_uint64),
        ("lost", c_uint64),
    ]


class ClientStats(Structure):
    """llmp_client_stats."""

    _fields_ = [
        ("id", c_uint32),
        ("kind", c_uint32),
        ("messages", c_uint64),
        ("bytes", c_uint64),
        ("idle_ms", c_uint64),
    ]


class Testcase(Structure):
    """llmp_testcase."""

    _fields_ = [
        ("size", c_size_t),
        ("kind", c_uint32),
        ("exit_kind", c_uint32),
        ("data", c_void_p),
        ("len", c_size_t),
        ("corpus_size", c_uint64),
        ("executions", c_uint64),
        ("time_ns", c_uint64),
        ("sender", c_uint32),
        ("flags", c_uint32),
    ]


class EventOptions(Structure):
    """llmp_event_options."""

    _fields_ = [
        ("size", c_size_t),
        ("max_size", c_uint64),
        ("objectives", c_uint32),
        ("reserved", c_uint32),
    ]


class EventCounts(Structure):
    """llmp_event_counts."""

    _fields_ = [
        ("size", c_size_t),
        ("testcases", c_uint64),
        ("objectives", c_uint64),
        ("other", c_uint64),
        ("foreign", c_uint64),
        ("unknown", c_uint64),
        ("malformed", c_uint64),
        ("too_big", c_uint64),
    ]


class UserStat(Structure):
    """llmp_user_stat."""

    _fields_ = [
        ("size", c_size_t),
        ("name", c_char_p),
        ("tag", c_uint64),
        ("value", c_uint32),
        ("aggregate", c_uint32),
        ("number", c_uint64),
        ("whole", c_uint64),
        ("real", c_double),
        ("text", c_char_p),
        ("executions", c_uint64),
    ]


STRUCTS: dict[str, Any] = {
    "llmp_msg": Msg,
    "llmp_outgoing": Outgoing,
    "llmp_map": Map,
    "llmp_client_description": ClientDescription,
    "llmp_client_options": ClientOptions,
    "llmp_broker_options": BrokerOptions,
    "llmp_stats": Stats,
    "llmp_client_stats": ClientStats,
    "llmp_testcase": Testcase,
    "llmp_event_options": EventOptions,
    "llmp_event_counts": EventCounts,
    "llmp_user_stat": UserStat,
}

# Handles are plain addresses to us.
_HANDLE = c_void_p
_OUT_HANDLE = POINTER(c_void_p)
_CLIENT_OPTIONS = POINTER(ClientOptions)
_BROKER_OPTIONS = POINTER(BrokerOptions)
_MSG = POINTER(Msg)
_MAP = POINTER(Map)
_TESTCASE = POINTER(Testcase)
_DESCRIPTION = POINTER(ClientDescription)

HookFn = CFUNCTYPE(c_int, _HANDLE, c_uint32, _MSG, c_void_p)
"""llmp_hook_fn."""

TimeoutFn = CFUNCTYPE(None, _HANDLE, c_void_p)
"""llmp_timeout_fn."""


def _sending(noun: str) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    return {
        f"llmp_{noun}_to_env": (c_int, (_HANDLE, c_char_p)),
        f"llmp_{noun}_map": (c_int, (_HANDLE, _MAP)),
        f"llmp_{noun}_id": (c_uint32, (_HANDLE,)),
        f"llmp_{noun}_send": (c_int, (_HANDLE, c_uint32, c_void_p, c_size_t)),
        f"llmp_{noun}_send_flags": (c_int, (_HANDLE, c_uint32, c_uint32, c_void_p, c_size_t)),
        # The rows are built as bytes, see _memory.OutgoingRows.
        f"llmp_{noun}_send_many": (c_int, (_HANDLE, POINTER(Outgoing), c_size_t)),
        f"llmp_{noun}_alloc": (c_int, (_HANDLE, c_size_t, POINTER(c_void_p))),
        f"llmp_{noun}_commit": (c_int, (_HANDLE, c_uint32, c_uint32, c_size_t)),
        f"llmp_{noun}_shrink": (c_int, (_HANDLE, c_size_t)),
        f"llmp_{noun}_cancel": (c_int, (_HANDLE,)),
        f"llmp_{noun}_safe_to_unmap": (c_int, (_HANDLE,)),
        f"llmp_{noun}_mark_safe_to_unmap": (c_int, (_HANDLE,)),
        f"llmp_{noun}_wait_safe_to_unmap": (c_int, (_HANDLE, c_int64)),
        f"llmp_{noun}_close": (c_int, (_HANDLE,)),
    }


def _receiving(noun: str) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    return {
        f"llmp_{noun}_to_env": (c_int, (_HANDLE, c_char_p)),
        f"llmp_{noun}_map": (c_int, (_HANDLE, _MAP)),
        f"llmp_{noun}_recv": (c_int, (_HANDLE, _MSG)),
        f"llmp_{noun}_recv_many": (c_int, (_HANDLE, _MSG, c_size_t)),
        f"llmp_{noun}_recv_wait": (c_int, (_HANDLE, _MSG, c_int64)),
        f"llmp_{noun}_wait_fd": (c_int, (_HANDLE,)),
        f"llmp_{noun}_close": (c_int, (_HANDLE,)),
    }


PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "llmp_strerror": (c_char_p, (c_int,)),
    "llmp_last_error": (c_char_p, ()),
    "llmp_version": (c_char_p, ()),
    "llmp_abi_version": (c_int, ()),
    # client
    "llmp_client_connect": (c_int, (_OUT_HANDLE, c_uint16, _CLIENT_OPTIONS)),
    "llmp_client_new": (c_int, (_OUT_HANDLE, c_char_p, c_size_t, c_uint32, _CLIENT_OPTIONS)),
    "llmp_client_new_from_env": (c_int, (_OUT_HANDLE, c_char_p, _CLIENT_OPTIONS)),
    "llmp_client_attach_env": (c_int, (_OUT_HANDLE, c_char_p, _CLIENT_OPTIONS)),
    "llmp_client_attach_description": (c_int, (_OUT_HANDLE, _DESCRIPTION, _CLIENT_OPTIONS)),
    "llmp_client_attach_shmem": (c_int, (_OUT_HANDLE, _MAP, _MAP, _CLIENT_OPTIONS)),
    "llmp_client_new_p2p": (c_int, (_OUT_HANDLE, c_uint32, _CLIENT_OPTIONS)),
    "llmp_client_describe": (c_int, (_HANDLE, _DESCRIPTION)),
    "llmp_description_encode": (c_int, (_DESCRIPTION, c_void_p, c_size_t)),
    "llmp_description_decode": (c_int, (_DESCRIPTION, c_void_p, c_size_t)),
    "llmp_client_announce": (c_int, (_HANDLE, c_char_p, c_size_t)),
    "llmp_client_detach": (c_int, (c_uint16, c_uint32)),
    **_sending("client"),
    **_receiving("client"),
    # halves
    "llmp_sender_new": (c_int, (_OUT_HANDLE, c_uint32, _CLIENT_OPTIONS)),
    "llmp_sender_attach_env": (c_int, (_OUT_HANDLE, c_char_p, _CLIENT_OPTIONS)),
    "llmp_sender_attach_map": (c_int, (_OUT_HANDLE, _MAP, _CLIENT_OPTIONS)),
    **_sending("sender"),
    "llmp_receiver_attach_map": (c_int, (_OUT_HANDLE, _MAP, _CLIENT_OPTIONS)),
    "llmp_receiver_attach_env": (c_int, (_OUT_HANDLE, c_char_p, _CLIENT_OPTIONS)),
    **_receiving("receiver"),
    # broker
    "llmp_broker_new": (c_int, (_OUT_HANDLE, _BROKER_OPTIONS)),
    "llmp_broker_listen": (c_int, (_HANDLE, c_uint16)),
    "llmp_broker_connect_b2b": (c_int, (_HANDLE, c_char_p, c_uint16)),
    "llmp_broker_add_client": (c_int, (_HANDLE, c_char_p, c_size_t)),
    "llmp_broker_add_hook": (c_int, (_HANDLE, HookFn, c_void_p)),
    "llmp_broker_on_timeout": (c_int, (_HANDLE, TimeoutFn, c_void_p)),
    "llmp_broker_once": (c_int, (_HANDLE,)),
    "llmp_broker_run": (c_int, (_HANDLE, c_int64)),
    "llmp_broker_stop": (c_int, (_HANDLE,)),
    "llmp_broker_send": (c_int, (_HANDLE, c_uint32, c_uint32, c_void_p, c_size_t)),
    "llmp_broker_map": (c_int, (_HANDLE, _MAP)),
    "llmp_broker_to_env": (c_int, (_HANDLE, c_char_p)),
    "llmp_broker_stats": (c_int, (_HANDLE, POINTER(Stats))),
    "llmp_broker_client_stats": (c_int, (_HANDLE, POINTER(ClientStats), c_size_t)),
    "llmp_broker_close": (c_int, (_HANDLE,)),
    "llmp_brokers_run": (c_int, (POINTER(_HANDLE), c_size_t, c_int64)),
    # connection
    "llmp_connection_on_port": (c_int, (_OUT_HANDLE, c_uint16, _BROKER_OPTIONS, _CLIENT_OPTIONS)),
    "llmp_connection_broker": (_HANDLE, (_HANDLE,)),
    "llmp_connection_client": (_HANDLE, (_HANDLE,)),
    "llmp_connection_send": (c_int, (_HANDLE, c_uint32, c_uint32, c_void_p, c_size_t)),
    "llmp_connection_close": (c_int, (_HANDLE,)),
    # events
    "llmp_testcase_send": (c_int, (_HANDLE, _TESTCASE)),
    "llmp_testcase_recv": (c_int, (_HANDLE, _TESTCASE)),
    "llmp_testcase_recv_wait": (c_int, (_HANDLE, _TESTCASE, c_int64)),
    "llmp_testcase_decode": (c_int, (_HANDLE, _MSG, _TESTCASE)),
    "llmp_client_event_setup": (c_int, (_HANDLE, POINTER(EventOptions))),
    "llmp_client_event_counts": (c_int, (_HANDLE, POINTER(EventCounts))),
    "llmp_heartbeat_send": (c_int, (_HANDLE, c_uint64)),
    "llmp_user_stat_send": (c_int, (_HANDLE, POINTER(UserStat))),
}


def bind(library: ctypes.CDLL) -> None:
    """Give each function of the library its types. AttributeError names one that is missing."""
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
