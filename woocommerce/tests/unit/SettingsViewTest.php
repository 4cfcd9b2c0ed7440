<?php
/**
 * What ELMED → Settings says before and after the key is entered, and where it leads next.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Settings\Connection;
use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\SettingsPage;
use Elmed\WooCommerce\Settings\SettingsView;

final class SettingsViewTest extends TestCase {

	protected function setUp(): void {
		parent::setUp();
		require_once ABSPATH . 'wp-admin/includes/admin.php';
		$this->become( 'administrator' );
		wp_get_current_user()->add_cap( SettingsPage::CAPABILITY );
	}

	public function test_it_names_the_portals_page_and_the_address_comes_before_the_key(): void {
		$shown = $this->shown();
		$this->assertStringContainsString( 'Settings → WooCommerce → Create key for WooCommerce', $shown );
		$this->assertStringContainsString( 'asked for again when the address changes', $shown );
		$this->assertLessThan( strpos( $shown, 'id="elmed_api_key"' ), strpos( $shown, 'id="elmed_base_url"' ) );
	}

	public function test_connected_it_leads_on_to_the_sync(): void {
		Key::store( Elmed::fact( 'key' ) );
		( new Connection( Connection::UNREACHABLE ) )->keep();
		$this->assertStringNotContainsString( 'page=elmed-sync', $this->shown() );
		( new Connection( Connection::CONNECTED, array( 'account' => 'A', 'scopes' => array( 'shop' ) ) ) )->keep();
		$this->assertStringContainsString( 'page=elmed-sync', $this->shown() );
	}

	public function test_after_the_activation_the_list_of_plugins_says_what_is_next(): void {
		set_current_screen( 'plugins' );
		$this->assertStringContainsString( 'Next: enter your API key', $this->said() );
		set_current_screen( 'dashboard' );
		$this->assertSame( '', $this->said() );
		set_current_screen( 'plugins' );
		Key::store( Elmed::fact( 'key' ) );
		$this->assertSame( '', $this->said() );
	}

	protected function tearDown(): void {
		unset( $GLOBALS['current_screen'] );
		parent::tearDown();
	}

	private function shown(): string {
		ob_start();
		( new SettingsView() )->show( '', 'elmed_save_settings' );
		return (string) ob_get_clean();
	}

	private function said(): string {
		ob_start();
		( new SettingsPage() )->sayNoKey();
		return (string) ob_get_clean();
	}
}
