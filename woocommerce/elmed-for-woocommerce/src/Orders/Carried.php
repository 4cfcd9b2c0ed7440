<?php

/** Another order carries the reservation already: what Orders\Carrier throws. Nothing was written. */

namespace Elmed\WooCommerce\Orders;

final class Carried extends \RuntimeException
{
}
