<?php

/** Another process holds the lock: what Database\Lock throws. The caller comes back later. */

namespace Elmed\WooCommerce\Database;

final class Locked extends \RuntimeException
{
}
