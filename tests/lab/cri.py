# SPDX-License-Identifier: BSD-2-Clause
"""A small client of the Kubernetes container runtime interface, for tests on real pods.

  cri.py SOCKET GENERATED ready
  cri.py SOCKET GENERATED pod NAMESPACE NAME UID LOGS CGROUP-PARENT     prints the sandbox id and the address
  cri.py SOCKET GENERATED run SANDBOX NAMESPACE NAME UID LOGS CGROUP-PARENT CONTAINER IMAGE COMMAND...   prints the container id
  cri.py SOCKET GENERATED exec CONTAINER COMMAND...
  cri.py SOCKET GENERATED stop SANDBOX          stops and removes it
  cri.py SOCKET GENERATED stop-all
"""
import sys

import grpc

socket, generated, verb, *args = sys.argv[1:]
sys.path.insert(0, generated)
import cri_pb2 as pb  # noqa: E402  (made by protoc when the lab starts)

channel = grpc.insecure_channel("unix://" + socket)


def call(method, request, answer, service="RuntimeService", timeout=30):
    stub = channel.unary_unary(f"/runtime.v1.{service}/{method}",
                               request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=answer.FromString)
    return stub(request, timeout=timeout)


def pod_config(ns, name, uid, logs, parent):
    return pb.PodConfig(metadata=pb.PodMeta(name=name, uid=uid, namespace=ns), hostname=name,
                        log_directory=logs, labels={"app": name},
                        linux=pb.LinuxPod(cgroup_parent=parent))


def pod(ns, name, uid, logs, parent):
    made = call("RunPodSandbox", pb.RunPodRequest(config=pod_config(ns, name, uid, logs, parent)),
                pb.PodId)
    status = call("PodSandboxStatus", made, pb.StatusResponse).status
    print(made.pod_sandbox_id, status.network.ip)


def run(sandbox, ns, name, uid, logs, parent, container, image, *command):
    config = pb.ContainerConfig(metadata=pb.Meta(name=container), image=pb.Image(image=image),
                                command=command, log_path=container + "/0.log")
    made = call("CreateContainer",
                pb.CreateRequest(pod_sandbox_id=sandbox, config=config,
                                 sandbox_config=pod_config(ns, name, uid, logs, parent)),
                pb.ContainerId)
    call("StartContainer", made, pb.Empty)
    print(made.container_id)


def execute(container, *command):
    got = call("ExecSync", pb.ExecRequest(container_id=container, cmd=command, timeout=60),
               pb.ExecResponse, timeout=90)
    sys.stdout.buffer.write(got.stdout)
    sys.stderr.buffer.write(got.stderr)
    sys.exit(got.exit_code)


def stop(sandbox):
    call("StopPodSandbox", pb.PodId(pod_sandbox_id=sandbox), pb.Empty)
    call("RemovePodSandbox", pb.PodId(pod_sandbox_id=sandbox), pb.Empty)


def stop_all():
    bad = 0
    for item in call("ListPodSandbox", pb.Empty(), pb.PodList).items:
        try:
            stop(item.id)
        except grpc.RpcError as e:
            print(item.id, e.details(), file=sys.stderr)
            bad = 1
    sys.exit(bad)


def ready():
    """Exit 0 when runtime and network both say that they are."""
    got = call("Status", pb.Empty(), pb.RuntimeResponse, timeout=2)
    sys.exit(0 if all(c.status for c in got.status.conditions) else 1)


try:
    {"pod": pod, "run": run, "exec": execute, "stop": stop, "stop-all": stop_all,
     "ready": ready}[verb](*args)
except grpc.RpcError as e:
    sys.exit(f"cri {verb}: {e.details()}")
