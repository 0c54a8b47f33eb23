"""Make load balancers in moto's server: run by the Python that has boto3, with the wanted ones as JSON on stdin.

Prints the ids of the instances, and the name of each load balancer.
"""

import json
import sys

import boto3

CLASSIC = "classic"


def main() -> None:
    """Make what stdin wants, and print their names."""
    wanted = json.load(sys.stdin)
    regions = {spec["region"] for spec in wanted.values()}
    worlds = {region: Region(region) for region in sorted(regions)}
    names = {name: worlds[spec["region"]].make(name, spec) for name, spec in wanted.items()}
    for world in worlds.values():
        world.ec2.stop_instances(InstanceIds=[world.stopped])  # one that does not run cannot be registered
    sys.stdout.write(json.dumps({"instances": worlds["us-east-1"].running, "names": names}))


class Region:
    """One region with a subnet, and three instances, of which the last is for load balancers with stopped targets."""

    def __init__(self, region: str) -> None:
        self.zone = region + "a"
        self.elbv2, self.elb = boto3.client("elbv2", region), boto3.client("elb", region)
        ec2 = boto3.client("ec2", region)
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=self.zone)["Subnet"]
        self.subnet = subnet["SubnetId"]
        made = ec2.run_instances(ImageId="ami-12c6146b", MinCount=3, MaxCount=3, SubnetId=self.subnet)
        *self.running, self.stopped = [item["InstanceId"] for item in made["Instances"]]
        self.ec2 = ec2

    def make(self, name: str, spec: dict) -> str:
        """The name of a new load balancer."""
        if spec["type"] == CLASSIC:
            return self._classic(name, spec)
        balancer = self.elbv2.create_load_balancer(
            Name=name, Subnets=[self.subnet], Scheme=spec["scheme"], Type=spec["type"]
        )["LoadBalancers"][0]
        arn = balancer["LoadBalancerArn"]
        if spec["attributes"]:
            self.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=_pairs(spec["attributes"]))
        for port in spec["ports"]:
            group = self.elbv2.create_target_group(
                Name=f"{name}-{port}",
                Protocol="TCP",
                Port=port,
                VpcId=self.vpc,
                TargetType=spec["targets"],
                HealthCheckIntervalSeconds=10,
                UnhealthyThresholdCount=3,
                **spec["check"],
            )["TargetGroups"][0]["TargetGroupArn"]
            self.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=_pairs(spec["group"]))
            ids = [self.stopped] if spec["stopped"] else self.running
            ids = ["10.0.1.7", "10.0.1.8"] if spec["targets"] == "ip" else ids
            self.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": item, "Port": port} for item in ids])
            self.elbv2.create_listener(
                LoadBalancerArn=arn,
                Protocol=spec["protocol"],
                Port=port,
                DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
            )
        return balancer["DNSName"]

    def _classic(self, name: str, spec: dict) -> str:
        listeners = [
            {"Protocol": "TCP", "LoadBalancerPort": port, "InstanceProtocol": "TCP", "InstancePort": 31222}
            for port in spec["ports"]
        ]
        host = self.elb.create_load_balancer(
            LoadBalancerName=name, Listeners=listeners, AvailabilityZones=[self.zone], Scheme=spec["scheme"]
        )["DNSName"]
        check = {"Target": "TCP:31222", "Interval": 10, "Timeout": 5, "UnhealthyThreshold": 3, "HealthyThreshold": 2}
        self.elb.configure_health_check(LoadBalancerName=name, HealthCheck=check)
        instances = [{"InstanceId": item} for item in self.running]
        self.elb.register_instances_with_load_balancer(LoadBalancerName=name, Instances=instances)
        return host


def _pairs(given: dict) -> list[dict]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


if __name__ == "__main__":
    main()
